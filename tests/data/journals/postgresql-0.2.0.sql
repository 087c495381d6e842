CREATE TABLE public.interactions (
    label character varying(512) NOT NULL,
    interaction_id character varying(512),
    kind text NOT NULL,
    plan boolean NOT NULL,
    status text NOT NULL,
    model text,
    agent text,
    previous_interaction_id text,
    environment_id text,
    prompt text NOT NULL,
    text text NOT NULL,
    citations json NOT NULL,
    usage json,
    files json NOT NULL,
    error text,
    created_at character varying(32) NOT NULL,
    updated_at character varying(32) NOT NULL,
    finished_at character varying(32),
    owner character varying(512),
    owned_until character varying(32)
);
CREATE TABLE public.uploads (
    account character varying(64) NOT NULL,
    size bigint NOT NULL,
    mime_type character varying(128) NOT NULL,
    digest character varying(64) NOT NULL,
    name character varying(512) NOT NULL,
    uri text NOT NULL,
    expires_at character varying(32) NOT NULL
);
ALTER TABLE ONLY public.interactions
    ADD CONSTRAINT interactions_pkey PRIMARY KEY (label);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (account, size, mime_type, digest);
CREATE INDEX interactions_by_time ON public.interactions USING btree (created_at, label);
CREATE UNIQUE INDEX ix_interactions_interaction_id ON public.interactions USING btree (interaction_id);
INSERT INTO public.interactions VALUES ('ec75b8e5b8475b36-8f0d4ef433d44d6ba032a88a6cebcfe2', 'v1_G_zOTWgEZf_HXS1DpEoz07lwLBgkR2dwlj8W-KAtodXxTSHXK5rB9ous2a-g6beV', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, 'What drives the tides?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “What drives the tides?”

', '[]', '{"total_input_tokens": 6, "total_output_tokens": 24, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 38}', '[]', NULL, '2026-11-24T18:00:00.000000+00:00', '2026-11-24T18:00:00.051712+00:00', '2026-11-24T18:00:00.051649+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('97c5d48b4e8e0598-ed73fa4b03b049c9be2372aa2009d4c7', 'v1_5v8N6gSnNODnBp8mdU6ab7VO1b6L2SzskqFmyEuEDjAEQI6i3R6-s8MHThxcVQCw', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, 'v1_G_zOTWgEZf_HXS1DpEoz07lwLBgkR2dwlj8W-KAtodXxTSHXK5rB9ous2a-g6beV', NULL, 'And the neap tides?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “And the neap tides?”

Earlier turns: 1. The previous prompt was: “What drives the tides?”
', '[]', '{"total_input_tokens": 34, "total_output_tokens": 41, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 83}', '[]', NULL, '2026-11-24T18:00:00.058847+00:00', '2026-11-24T18:00:00.096837+00:00', '2026-11-24T18:00:00.096774+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('4fe5e9989d1ee0ef-31693f96367b47679dfa9e65b7382396', 'v1_fBY-Y69YTTGlirHtm2lNc4BBXH6ZBB41P4-ILsCzupb2VzlMDTrAL4_vrCDvbU-e', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, 'Wer malte die Ölfässer? 日本語 🛢️', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “Wer malte die Ölfässer? 日本語 🛢️”

Tools: google_search.

Emulated finding 1 — a naïve sentence of 100 % multi-byte “quotes”.
', '[{"url": "https://example.com/emulated/search", "title": "example.com (emulated)", "resolved": "", "start": 138, "end": 212}]', '{"total_input_tokens": 11, "total_output_tokens": 54, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 89}', '[]', NULL, '2026-11-24T18:00:00.101391+00:00', '2026-11-24T18:00:00.144101+00:00', '2026-11-24T18:00:00.143981+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('ad4e19f153e0675b-c981ee3c79e44a47b400a62d788b7ba4', 'v1_a2NKPmbjZap9tp_UjmHgdmyOV0QVumWpHf3UVG3R2YJ1nnZRqClcI1wWvHm3SA0y', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, 'Name a tide as JSON', '{"tide": "Emulated: Name a tide as JSON"}', '[]', '{"total_input_tokens": 5, "total_output_tokens": 11, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 24}', '[]', NULL, '2026-11-24T18:00:00.148690+00:00', '2026-11-24T18:00:00.180802+00:00', '2026-11-24T18:00:00.180608+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('be6849e43a49f5cd-5b65aef3a44541e1b1c8b35e57f30734', 'v1_FDhrJ56nkrDKN43-hA9sciY0ql4uCauIcBZSDI7CeDFuckukp3GwPh9rSJPaiCz7', 'ask', false, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer that ends as failed', '', '[]', '{"total_input_tokens": 8, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 8}', '[]', 'The interaction failed at Google (The emulator was told to fail.).', '2026-11-24T18:00:00.184898+00:00', '2026-11-24T18:00:00.214943+00:00', '2026-11-24T18:00:00.214783+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('909bdcc82d26223f-f0e8ebd8b02a415f82a32cec99c68145', 'v1_VVwLqd_QeqSM2fhvXU3-SPjHUsfs8nSSTHmORgrA7R7H7nZF-9vTpjQSMkMXdSID', 'ask', false, 'incomplete', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer that ends as incomplete', 'Emulated answer by gemini-3.8-flash (no model ran)', '[]', '{"total_input_tokens": 9, "total_output_tokens": 13, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 30}', '[]', 'The answer is incomplete: it reached max_output_tokens or another limit.', '2026-11-24T18:00:00.218455+00:00', '2026-11-24T18:00:00.248442+00:00', '2026-11-24T18:00:00.248379+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('e698ca484a330a33-7405c552120c4d6ca748615ee0cbb887', 'v1_vvgt5_CUP9xegn9Qd0mOp_4uMlgSsXCFTCle8_TW-9TmSrIiMXdUO5jZU_qxKvcm', 'ask', false, 'budget_exceeded', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer that ends as budget_exceeded', 'Emulated answer by gemini-3.8-flash (no model ran).

', '[]', '{"total_input_tokens": 10, "total_output_tokens": 14, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 32}', '[]', 'The answer is incomplete: it reached its token budget.', '2026-11-24T18:00:00.252463+00:00', '2026-11-24T18:00:00.284147+00:00', '2026-11-24T18:00:00.284027+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('77958ab653d34750-1e0068ac6f9b4fb5a3426aab47fcf83c', 'v1_ia9vZ5zScVPjnMUDrFIAGjP3WAMkLRzVL6QeteLioXDsfLfEkvVRrwxYgz4HUEsD', 'ask', false, 'requires_action', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer that ends as requires_action', '', '[]', '{"total_input_tokens": 10, "total_output_tokens": 0, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 34}', '[]', 'Gemini stopped to call a function, which this server does not offer.', '2026-11-24T18:00:00.288342+00:00', '2026-11-24T18:00:00.322659+00:00', '2026-11-24T18:00:00.322595+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('9b36796658a197ef-08207617d311468d82637c42a09824fd', 'v1_wbLHBss6mpk3HNHyE4Sc0q69xq5_L8ZZ1LR2CYFIJkQD57drWY-oA7GTbaIZCrd9', 'ask', false, 'requires_continuation', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer that ends as requires_continuation', 'Emulated answer by gemini-3.8-flash (no model ran).

You', '[]', '{"total_input_tokens": 11, "total_output_tokens": 14, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 33}', '[]', 'The answer is incomplete: it reached the limit of one request; gemini_continue can ask for the rest.', '2026-11-24T18:00:00.325887+00:00', '2026-11-24T18:00:00.359798+00:00', '2026-11-24T18:00:00.359749+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('10f492ec7decc21b-a681a7fb03a14ca8ba37a8216080211a', 'v1_BB5iU31UZ3hxmwB-P6EV7kjOpM4DjPfgGsLRbrpxI0nLs3Nfk6a5uS5eu09SgRQ6', 'ask', false, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer that is blocked', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction failed at Google (The response was blocked because of the safety settings.).', '2026-11-24T18:00:00.364178+00:00', '2026-11-24T18:00:00.394281+00:00', '2026-11-24T18:00:00.394219+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('4c0fcfd750d3affa-5e9f77ad3821493183838b0ad993f050', 'v1_443hvY3-zXAQ8QH9AK0hDLZgxeqEj_aj8IVHtIfIpZmF7Wo93J4hhD95MpdZ_7KF', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer of a thought only', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 15}', '[]', 'Gemini completed the interaction without an answer; steps seen: user_input, thought. A safety filter is the usual cause: rephrase the prompt.', '2026-11-24T18:00:00.397752+00:00', '2026-11-24T18:00:00.430477+00:00', '2026-11-24T18:00:00.430416+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('8c9c24b3e7ae67d4-bf1d8435bd32402eb07be449503a7939', NULL, 'ask', false, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, 'A request that is refused', '', '[]', NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again.', '2026-11-24T18:00:00.434562+00:00', '2026-11-24T18:00:00.458052+00:00', '2026-11-24T18:00:00.457961+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('fc52e9a8fde30205-0fb24aa23d384279ba13ad0061585742', NULL, 'ask', false, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, 'A request of unknown outcome', '', '[]', NULL, '[]', 'The connection to Google broke before an answer came. Google may have taken the request all the same, so it was not sent again. See list_interactions before asking a second time: a second request may be charged too.', '2026-11-24T18:00:00.468619+00:00', '2026-11-24T18:00:00.485547+00:00', NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('75be72b5f75fe499-c99bab3745334a729ffbcbdfa0b64e8c', '75be72b5f75fe499-c99bab3745334a729ffbcbdfa0b64e8c', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, '', '', '[]', '{"total_input_tokens": 5, "total_output_tokens": 23, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 36}', '[]', NULL, '2026-11-24T18:00:00.490415+00:00', '2026-11-24T18:00:00.518685+00:00', '2026-11-24T18:00:00.518581+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('2cb6a836e2587d12-a0ad7043248844b6b0dbf74ce866e223', '2cb6a836e2587d12-a0ad7043248844b6b0dbf74ce866e223', 'ask', false, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, '', '', '[]', NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again. (interaction_id: 2cb6a836e2587d12-a0ad7043248844b6b0dbf74ce866e223)', '2026-11-24T18:00:00.524870+00:00', '2026-11-24T18:00:00.560283+00:00', '2026-11-24T18:00:00.560124+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('5ebe2c2a9d21cfa2-cd926328390d427da9da728080f55c79', '5ebe2c2a9d21cfa2-cd926328390d427da9da728080f55c79', 'ask', false, 'cancelled', 'gemini-3.8-flash', NULL, NULL, NULL, '', '', '[]', NULL, '[]', 'The call was cancelled.', '2026-11-24T18:00:00.564937+00:00', '2026-11-24T18:00:00.587558+00:00', '2026-11-24T18:00:00.587324+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('da184029b094d028-3af8735d15be43c4ab512ecb1ddf032a', 'v1_r4bKY4wrz16VVSblWoFgNCE4NZQYIQx0eN2uifc5DxfrBrpY8uR5AjUOBhzIMaLr', 'ask', false, 'cancelled', 'gemini-3.8-flash', NULL, NULL, NULL, 'A question that is given up', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction was cancelled.', '2026-11-24T18:00:01.098793+00:00', '2026-11-24T18:00:01.152198+00:00', '2026-11-24T18:00:01.152135+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('8de54c76c05a326d-402d24cbd6434dcb8e0c4f836e43f833', 'v1_RWrnh4G4ztg_RcXc4JMJn7lshaO5uCnW6I-LyLNByvFLvGz0N3c1mI5ThezwUipO', 'analyze', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, 'What is in these?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “File note.txt:

The moon is 384,400 km away.
What is in these?”

File 1, image: image/png, 69 bytes, 1 x 1 pixels, inline
', '[]', '{"total_input_tokens": 274, "total_output_tokens": 48, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 330}', '[]', NULL, '2026-11-24T18:00:01.667553+00:00', '2026-11-24T18:00:01.720251+00:00', '2026-11-24T18:00:01.720191+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('3ca6c6e2ad1efdd8-2a3b5f0970a143bbb8c968a979786dcb', 'v1_zRY4svhziAav01IR_U52CEpkkevqRDoLurvujkgZwI48Huseralnu7ts7YpjTiDd', 'analyze', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, 'What does the paper say?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “What does the paper say?”

File 1, document: application/pdf, 1488 bytes, files/dbca6435bf0248e3887b979aaef6d4e1
', '[]', '{"total_input_tokens": 264, "total_output_tokens": 46, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 318}', '[]', NULL, '2026-11-24T18:00:01.773605+00:00', '2026-11-24T18:00:01.843068+00:00', '2026-11-24T18:00:01.843012+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('722a3c3acf9280c3-3f25ba778cfa4558aad25b0ef0fda12e', 'v1_ZDYSQxeL5DRcjQi3snKCS6RvonE5ubIGp7X3PXNqnrNKyMse_Uy2k1SxpJo7DjhO', 'image', false, 'completed', 'gemini-3.1-flash-image', NULL, NULL, NULL, 'A red bicycle', 'Emulated answer by gemini-3.1-flash-image (no model ran).

You asked: “A red bicycle”

![image 1](media:1)', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1143, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1155}', '[{"name": "2026-11-24-red-bicycle-1.jpg", "path": "/home/user/gemini/2026-11-24-red-bicycle-1.jpg", "mime_type": "image/jpeg", "bytes": 12394, "width": 512, "height": 512}]', NULL, '2026-11-24T18:00:01.847620+00:00', '2026-11-24T18:00:01.911347+00:00', '2026-11-24T18:00:01.911261+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('3fbe3a11e04de871-5b9d1fca845a4231b88d8af5cb1d62d0', 'v1_P6hzFhLunLaStd0Tmm6OVvK_P8Yq6ZlFaLtDP8QNXZDd00SPznK42MfVs1ynqOLI', 'image', false, 'completed', 'gemini-3.1-flash-image', NULL, 'v1_ZDYSQxeL5DRcjQi3snKCS6RvonE5ubIGp7X3PXNqnrNKyMse_Uy2k1SxpJo7DjhO', NULL, 'Make it green', 'Emulated answer by gemini-3.1-flash-image (no model ran).

You asked: “Make it green”

Earlier turns: 1. The previous prompt was: “A red bicycle”
![image 1](media:1)', '[]', '{"total_input_tokens": 30, "total_output_tokens": 1159, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1197}', '[{"name": "2026-11-24-make-it-green-1.jpg", "path": "/home/user/gemini/2026-11-24-make-it-green-1.jpg", "mime_type": "image/jpeg", "bytes": 12451, "width": 512, "height": 512}]', NULL, '2026-11-24T18:00:01.920138+00:00', '2026-11-24T18:00:01.965319+00:00', '2026-11-24T18:00:01.965241+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('4b12b2e10411fc17-eff9bcb0b86643f38c8c49c3926fa3eb', 'v1_VXTjbqN_OlqfVgjdVFCtwYC0iGWuCZ8OjOsyOlEwbakuN0oQ4BdZWo95PZh4GHkK', 'image', false, 'completed', 'gemini-3.1-flash-image', NULL, NULL, NULL, 'A quay at night', 'Emulated answer by gemini-3.1-flash-image (no model ran).

You asked: “A quay at night”

![image 1](media:1)', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1144, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1156}', '[{"name": "quay.jpg", "path": "/home/user/gemini/quay.jpg", "mime_type": "image/jpeg", "bytes": 12568, "width": 512, "height": 512}]', NULL, '2026-11-24T18:00:01.972716+00:00', '2026-11-24T18:00:02.009498+00:00', '2026-11-24T18:00:02.009424+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('b8af294badc698af-f89e53110aeb4f87b5612bbc3e857847', 'v1_086u5pxRVKDtKx654AtlCbrVl0Y_-8nFuKgni5UGAQ-Ci5nAvf-4dBtivAzSeURr', 'image', false, 'completed', 'gemini-3.1-flash-image', NULL, NULL, NULL, 'Two gulls [[images=2]]', 'Emulated answer by gemini-3.1-flash-image (no model ran).

You asked: “Two gulls [[images=2]]”

![image 1](media:1)

![image 2](media:2)', '[]', '{"total_input_tokens": 6, "total_output_tokens": 2265, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 2279}', '[{"name": "2026-11-24-two-gulls-images-2-1.jpg", "path": "/home/user/gemini/2026-11-24-two-gulls-images-2-1.jpg", "mime_type": "image/jpeg", "bytes": 13270, "width": 512, "height": 512}, {"name": "2026-11-24-two-gulls-images-2-2.jpg", "path": "/home/user/gemini/2026-11-24-two-gulls-images-2-2.jpg", "mime_type": "image/jpeg", "bytes": 13270, "width": 512, "height": 512}]', NULL, '2026-11-24T18:00:02.017925+00:00', '2026-11-24T18:00:02.066765+00:00', '2026-11-24T18:00:02.066688+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('ff3d10b0bb1b295b-3d21afa575114d20b30cab00f2452edb', 'v1_WYovCzFqGGMO4EYBoC8ThZ9h_gZZBolYmY_Daa5Z6Yhes7jtCMC8yUsZQaYdW_Ga', 'image', false, 'failed', 'gemini-3.1-flash-image', NULL, NULL, NULL, 'A picture that is blocked', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction failed at Google (The response was blocked because of the safety settings.).', '2026-11-24T18:00:02.081952+00:00', '2026-11-24T18:00:02.116862+00:00', '2026-11-24T18:00:02.116810+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('9009cfa4f6d92392-afd4bac049264a30ad88198f516bf064', 'v1_F3KQQ48uVDFVEl4Zfcw2S9rdJLW_9ZtCGz2TNtaPLIZ1GDFdS6AJY6FThVcE1Aw7', 'research', false, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'The history of bicycles', '# Research report: The history of bicycles

Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Summary

Tools: google_search, url_context, code_execution.

Nothing was researched — these are sentences of the emulator.

## Findings

Emulated Handbook reports “1 of 3” for the naïve case.

Journal of Naïve Results reports “2 of 3” for the naïve case.

Café Statistics — Yearly Review reports “3 of 3” for the naïve case.

![image 1](media:1)

## Comparison

| Aspect | Finding | Source |
|---|---|---|
| Cost | 42 € | 1 |
| Time | ½ day | 2 |

The table above is as emulated as the rest — 100 %.

## Limits

- No search was made.
- deep-research-preview-04-2026 did not run.

## Sources

1. [Emulated Handbook](https://example.com/emulated/source/1)
2. [Journal of Naïve Results](https://example.com/emulated/source/2)
3. [Café Statistics — Yearly Review](https://example.com/emulated/source/3)
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 252, "end": 311}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 313, "end": 380}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 382, "end": 458}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 585, "end": 638}]', '{"total_input_tokens": 6, "total_output_tokens": 1351, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 1421}', '[{"name": "2026-11-24-history-of-bicycles-1.png", "path": "/home/user/gemini/2026-11-24-history-of-bicycles-1.png", "mime_type": "image/png", "bytes": 5901, "width": 640, "height": 360}, {"name": "2026-11-24-history-of-bicycles.md", "path": "/home/user/gemini/2026-11-24-history-of-bicycles.md", "mime_type": "text/markdown", "bytes": 1482, "width": null, "height": null}]', NULL, '2026-11-24T18:00:02.120638+00:00', '2026-11-24T18:00:02.245012+00:00', '2026-11-24T18:00:02.244915+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('cba53d0a3336e100-071b64b608274f1aa84f5d43c96064e4', 'v1_k9Xx2ZmtjiIO_oUIgVKMcB2_HUHUBMZA7tKrfXeBuGSjcM8bysRblI7HDVxRORyI', 'research', true, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Cargo bicycles in Europe', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: Cargo bicycles in Europe

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '{"total_input_tokens": 6, "total_output_tokens": 57, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 71}', '[]', NULL, '2026-11-24T18:00:02.257838+00:00', '2026-11-24T18:00:02.345421+00:00', '2026-11-24T18:00:02.345351+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('foreign-22fc03a7afac4c8d992e672637fcee41', 'v1_ME-srRLmKuJMxK8_Qcz0FYPoyxHNvQwCqnQI0Do4xyt6bU9ik6EL3d_ZCGrghAJp', 'research', false, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, '', '# Research report: Bicycles of others

Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Summary

Tools: google_search, url_context, code_execution.

Nothing was researched — these are sentences of the emulator.

## Findings

Emulated Handbook reports “1 of 3” for the naïve case.

Journal of Naïve Results reports “2 of 3” for the naïve case.

Café Statistics — Yearly Review reports “3 of 3” for the naïve case.

![image 1](media:1)

## Comparison

| Aspect | Finding | Source |
|---|---|---|
| Cost | 42 € | 1 |
| Time | ½ day | 2 |

The table above is as emulated as the rest — 100 %.

## Limits

- No search was made.
- deep-research-preview-04-2026 did not run.

## Sources

1. [Emulated Handbook](https://example.com/emulated/source/1)
2. [Journal of Naïve Results](https://example.com/emulated/source/2)
3. [Café Statistics — Yearly Review](https://example.com/emulated/source/3)
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 247, "end": 306}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 308, "end": 375}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 377, "end": 453}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 580, "end": 633}]', '{"total_input_tokens": 5, "total_output_tokens": 1349, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 1418}', '[{"name": "2026-11-24-bicycles-of-others-1.png", "path": "/home/user/gemini/2026-11-24-bicycles-of-others-1.png", "mime_type": "image/png", "bytes": 5896, "width": 640, "height": 360}, {"name": "2026-11-24-bicycles-of-others.md", "path": "/home/user/gemini/2026-11-24-bicycles-of-others.md", "mime_type": "text/markdown", "bytes": 1476, "width": null, "height": null}]', NULL, '2026-11-24T18:00:02.288512+00:00', '2026-11-24T18:00:03.358132+00:00', '2026-11-24T18:00:03.358054+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('foreign-4508a4a3df704ce98319842b04aac97b', 'v1_M35Nf89uI4e3rnN7KwSj8wH5qhY0FmsQTJ25Ay-4eXtYqJKmny6GEiDc0xp-Tl17', 'image', false, 'completed', 'gemini-3.1-flash-image', NULL, NULL, NULL, 'A blue bicycle', '', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1132}', '[{"name": "2026-11-24-blue-bicycle-1.jpg", "path": "/home/user/gemini/2026-11-24-blue-bicycle-1.jpg", "mime_type": "image/jpeg", "bytes": 12530, "width": 512, "height": 512}]', NULL, '2026-11-24T18:00:02.288512+00:00', '2026-11-24T18:00:03.130595+00:00', '2026-11-24T18:00:03.130498+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('foreign-53aad11b49804b32b1722b3fe14eb82b', 'v1_oWtKzXZWqkjbEq1qUU0jhc9u5ZtXTKlkRKk7IpEsM5f1z72-C8O0aDh1iO7EpcDQ', 'ask', false, 'completed', 'gemini-3.5-flash', NULL, NULL, NULL, 'Who are you?', 'Emulated answer by gemini-3.5-flash (no model ran).

You asked: “Who are you?”

', '[]', '{"total_input_tokens": 3, "total_output_tokens": 21, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 32}', '[]', NULL, '2026-11-24T18:00:02.288512+00:00', '2026-11-24T18:00:03.019364+00:00', '2026-11-24T18:00:03.019312+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('1c6a79ee2c7ec7ec-40ef93a4070e4963a06b9d77aec22f69', 'v1_CyfRZ7-rrhkF44-NBrqdxpoL6nMBWkY6H1qfQWh1ShEPn1yrEymkX1Ahz-kXn1V2', 'research', true, 'completed', NULL, 'deep-research-preview-04-2026', 'v1_k9Xx2ZmtjiIO_oUIgVKMcB2_HUHUBMZA7tKrfXeBuGSjcM8bysRblI7HDVxRORyI', NULL, 'Only in Denmark', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Refined research plan

Topic: Only in Denmark

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

Earlier turns: 1. The previous prompt was: “Cargo bicycles in Europe”

', '[]', '{"total_input_tokens": 66, "total_output_tokens": 75, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 149}', '[]', NULL, '2026-11-24T18:00:02.355410+00:00', '2026-11-24T18:00:02.454409+00:00', '2026-11-24T18:00:02.454074+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('cdd0458636594ccb-abd1552926cc4c2d9447ae200411b9fd', 'v1_xIfuIrbLTrgmid1kRwdbuhxk_uJ3EJ2OoWTVU7hN-uGCzMctZ55tXw72eagTvOoV', 'research', false, 'completed', NULL, 'deep-research-preview-04-2026', 'v1_CyfRZ7-rrhkF44-NBrqdxpoL6nMBWkY6H1qfQWh1ShEPn1yrEymkX1Ahz-kXn1V2', NULL, 'Go ahead', '# Research report: Go ahead

Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Summary

The approved plan was for: “Only in Denmark”

Tools: google_search, url_context, code_execution.

Earlier turns: 2. The previous prompt was: “Only in Denmark”

Nothing was researched — these are sentences of the emulator.

## Findings

Emulated Handbook reports “1 of 3” for the naïve case.

Journal of Naïve Results reports “2 of 3” for the naïve case.

Café Statistics — Yearly Review reports “3 of 3” for the naïve case.

## Comparison

| Aspect | Finding | Source |
|---|---|---|
| Cost | 42 € | 1 |
| Time | ½ day | 2 |

The table above is as emulated as the rest — 100 %.

## Limits

- No search was made.
- deep-research-preview-04-2026 did not run.

## Sources

1. [Emulated Handbook](https://example.com/emulated/source/1)
2. [Journal of Naïve Results](https://example.com/emulated/source/2)
3. [Café Statistics — Yearly Review](https://example.com/emulated/source/3)
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 353, "end": 412}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 414, "end": 481}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 483, "end": 559}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 665, "end": 718}]', '{"total_input_tokens": 143, "total_output_tokens": 256, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 463}', '[{"name": "2026-11-24-go-ahead.md", "path": "/home/user/gemini/2026-11-24-go-ahead.md", "mime_type": "text/markdown", "bytes": 1533, "width": null, "height": null}]', NULL, '2026-11-24T18:00:02.464210+00:00', '2026-11-24T18:00:02.568043+00:00', '2026-11-24T18:00:02.567959+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('93a92c867272fe31-3cf3ef14fcbc41328aa66328be2f98f5', 'v1_tNprmEB-na9Q0KJq5Z9HgAOnUHn1ew-uqzdGhgHsmzXShKB74CNXVOwUlm1ECV7E', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, 'v1_xIfuIrbLTrgmid1kRwdbuhxk_uJ3EJ2OoWTVU7hN-uGCzMctZ55tXw72eagTvOoV', NULL, 'Say it in one sentence', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “Say it in one sentence”

Earlier turns: 3. The previous prompt was: “Go ahead”
', '[]', '{"total_input_tokens": 404, "total_output_tokens": 38, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 450}', '[]', NULL, '2026-11-24T18:00:02.572617+00:00', '2026-11-24T18:00:02.614993+00:00', '2026-11-24T18:00:02.614933+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('723ce95f883b6a20-f32d0478d7a3499b9ba9d1f9da6ce30c', 'v1_rKCHhyXCr7y52nx_OaoOb-Nfv3jzTxysyhwkKyw0Z6GZCZZ1LpH3AhDQBiSOFDJ1', 'research', true, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'A plan that waits', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: A plan that waits

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '{"total_input_tokens": 5, "total_output_tokens": 55, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 68}', '[]', NULL, '2026-11-24T18:00:02.619399+00:00', '2026-11-24T18:00:02.700887+00:00', '2026-11-24T18:00:02.700823+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('dec82124aab2559b-5eee73f365e74efba42049db4dbf0e81', 'v1_2op_9XvS5l_CQb7LcxSBJgqckSalFQ-9JU6CF-IzMyzKLC7ptozLnvPX2Siu1oHY', 'research', false, 'completed', NULL, 'antigravity-preview-09-2026', NULL, '73d92f86-ffec-46d8-aade-70591b6a24c9', 'Count the words', 'Emulated answer by antigravity-preview-09-2026 (no agent ran).

You asked: “Count the words”

Tools: code_execution.
', '[]', '{"total_input_tokens": 4, "total_output_tokens": 31, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 59}', '[{"name": "2026-11-24-count-words.md", "path": "/home/user/gemini/2026-11-24-count-words.md", "mime_type": "text/markdown", "bytes": 294, "width": null, "height": null}]', NULL, '2026-11-24T18:00:02.708054+00:00', '2026-11-24T18:00:02.764163+00:00', '2026-11-24T18:00:02.764085+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('694f3c5ee32ec279-49b053f5bb784f178b588fc765a9ef5a', 'v1_rzqt4OCRbYjCvB6ZsSwBmTTBgDT3-QLH7OcRWRQfWycZFQVE-vtfnB5k--xtK3cj', 'research', false, 'cancelled', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research that is given up again', '', '[]', '{"total_input_tokens": 8, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 8}', '[]', 'The interaction was cancelled.', '2026-11-24T18:00:02.781364+00:00', '2026-11-24T18:00:02.827652+00:00', '2026-11-24T18:00:02.827600+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('5e003570b61d1bac-c4f0149aa28b4cb7ad8d41c8bdcc9933', NULL, 'research', false, 'failed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research that is refused', '', '[]', NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again.', '2026-11-24T18:00:02.830863+00:00', '2026-11-24T18:00:02.848736+00:00', '2026-11-24T18:00:02.848677+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('289ad2a94f406ee5-1ec6e8aa31bb4b8b9bc6ae7301fe9231', NULL, 'research', false, 'unknown', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research that is of unknown outcome', '', '[]', NULL, '[]', 'The connection to Google broke before an answer came. Google may have taken the request all the same, so it was not sent again. See list_interactions before asking a second time: a second request may be charged too.', '2026-11-24T18:00:02.852049+00:00', '2026-11-24T18:00:02.878882+00:00', NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('27ddd781ead7db7e-3ded27c35fbb4a6a9da26ae00ce947a5', 'v1_b7s9kcGEUo66l_tcNr-FeG4ifbmWujaFyXTMwzlr-5txFhtDHPfigzF_PWEG59F9', 'research', false, 'failed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research that fails', '', '[]', '{"total_input_tokens": 5, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 5}', '[]', 'The interaction failed at Google (The emulator was told to fail.).', '2026-11-24T18:00:02.882696+00:00', '2026-11-24T18:00:02.997390+00:00', '2026-11-24T18:00:02.997302+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('d5f04364186979f3-9de65df93e13412889f456dd049006f9', 'v1_nO2I4cwTIypVoIs-qUY6KwGFByNQrSexUbdq6njfpFfq3oI8LEA7YJFYJZqzcRWh', 'image', false, 'completed', 'gemini-3.1-flash-image', NULL, NULL, NULL, 'A picture without a place', 'Emulated answer by gemini-3.1-flash-image (no model ran).

You asked: “A picture without a place”

![image 1](media:1)', '[]', '{"total_input_tokens": 7, "total_output_tokens": 1146, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1161}', '[]', 'The files could not be saved: Cannot write to /home/user/gemini: Not a directory. Make room there, or set GEMINI_MCP_OUTPUT_DIR to another directory. Then read_interaction saves them.', '2026-11-24T18:00:03.612090+00:00', '2026-11-24T18:00:07.787352+00:00', '2026-11-24T18:00:07.787246+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('dc3081f252f2791a-b4c3b110900341f5b60bb203da70cb36', 'v1_zk-QFiNWnU9W9IOfmk6w3ez_ZjcfLdofbKCsRO1K8io0T3rSefSQL4TplSnJKwsF', 'research', false, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'A report without a place', '# Research report: A report without a place

Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Summary

Tools: google_search, url_context, code_execution.

Nothing was researched — these are sentences of the emulator.

## Findings

Emulated Handbook reports “1 of 3” for the naïve case.

Journal of Naïve Results reports “2 of 3” for the naïve case.

Café Statistics — Yearly Review reports “3 of 3” for the naïve case.

## Comparison

| Aspect | Finding | Source |
|---|---|---|
| Cost | 42 € | 1 |
| Time | ½ day | 2 |

The table above is as emulated as the rest — 100 %.

## Limits

- No search was made.
- deep-research-preview-04-2026 did not run.

## Sources

1. [Emulated Handbook](https://example.com/emulated/source/1)
2. [Journal of Naïve Results](https://example.com/emulated/source/2)
3. [Café Statistics — Yearly Review](https://example.com/emulated/source/3)
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 253, "end": 312}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 314, "end": 381}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 383, "end": 459}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 565, "end": 618}]', '{"total_input_tokens": 6, "total_output_tokens": 231, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 301}', '[]', 'The files could not be saved: Cannot write to /home/user/gemini: Not a directory. Make room there, or set GEMINI_MCP_OUTPUT_DIR to another directory. Then read_interaction saves them.', '2026-11-24T18:00:07.661459+00:00', '2026-11-24T18:00:07.868103+00:00', '2026-11-24T18:00:07.868046+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('2e092168db81ea57-1a7c3fda4cca4694bf2ca6ae18f64017', 'v1_PNHDjolXeeXc8G_ee3m4MY0zxDNBAAJqxyWMRzD58Z311j81WiFlfsPn-q_3l5SE', 'research', false, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research that takes for ever', '', '[]', NULL, '[]', 'Still in progress after 65 minutes, longer than Deep Research ever takes: it is probably stuck at Google. It is kept; check_research looks again. (interaction_id: v1_PNHDjolXeeXc8G_ee3m4MY0zxDNBAAJqxyWMRzD58Z311j81WiFlfsPn-q_3l5SE)', '2026-11-24T18:00:08.158434+00:00', '2026-11-24T18:00:08.791360+00:00', NULL, '615dd578ad04487cac66b42a5fc1d33d', '2026-11-24T18:01:09.773203+00:00');
INSERT INTO public.interactions VALUES ('1937d7ff1c5512a7-caae29de22614362a55f7d7f5d452170', 'v1_piP04meniDxdyIHbLOVOEo38GgYCM-BwclXoyB3_7VQd-_zlPIZ2n7s9keBkxvFa', 'research', false, 'failed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research that is lost', '', '[]', NULL, '[]', 'Google keeps no interaction v1_piP04meniDxdyIHbLOVOEo38GgYCM-BwclXoyB3_7VQd-_zlPIZ2n7s9keBkxvFa: the id is wrong, of another project''s key, deleted, or past its keeping time (55 days, 1 day on the free tier).', '2026-11-24T18:00:08.816971+00:00', '2026-11-24T18:00:09.395745+00:00', NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('b5311f438d3fc26c-39924d6b37eb48e69d15051639d2200d', 'v1_qxBEVMFe3wnOP-MT-GH8ol4syyRiyepVSU_NfbxrTvuw7dEqBATtj6mgqNrEA8D7', 'research', true, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Ferries of Norway', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: Ferries of Norway

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '{"total_input_tokens": 5, "total_output_tokens": 55, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 68}', '[]', NULL, '2026-11-24T18:00:09.612101+00:00', '2026-11-24T18:00:09.816291+00:00', '2026-11-24T18:00:09.816219+00:00', '615dd578ad04487cac66b42a5fc1d33d', '2026-11-24T18:01:09.712568+00:00');
INSERT INTO public.interactions VALUES ('482f50eed7e6c3ca-efb3a214da504b8b9f2d8bdc9723eeb4', 'v1_U12d76u374Lir1evno74amNKlLK6xpNFgnxZAZRDHS3OCCTOHtOX6Y4phUxoMld5', 'research', false, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Lighthouses of Brittany', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:09.825213+00:00', '2026-11-24T18:00:09.868068+00:00', NULL, '615dd578ad04487cac66b42a5fc1d33d', '2026-11-24T18:01:09.825501+00:00');
INSERT INTO public.interactions VALUES ('d9ededa035f2758f-f3a940fd21df4562854a8f48f7c8cd18', 'v1_jBbumIn2-HuU0dv7P6EoTM-I9o8H1WNcaItwPfUd7Q61WlR05gQ2x23GzzOG6Sl8', 'research', false, 'in_progress', NULL, 'deep-research-preview-04-2026', 'v1_qxBEVMFe3wnOP-MT-GH8ol4syyRiyepVSU_NfbxrTvuw7dEqBATtj6mgqNrEA8D7', NULL, 'Go ahead with it', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:09.912489+00:00', '2026-11-24T18:00:10.017735+00:00', NULL, '615dd578ad04487cac66b42a5fc1d33d', '2026-11-24T18:01:09.913268+00:00');
INSERT INTO public.interactions VALUES ('c02192200f3beecf-93dc73f33f754fe8a4e9c94ebea2dcd9', 'v1_g7l9mwMDvWU5JSr-XowVqrGf21X1OwTMvkPGCLA0N69l17XSqkYlDmVJV6YDyqwm', 'ask', false, 'in_progress', 'gemini-3.8-flash', NULL, NULL, NULL, 'A slow answer', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:10.034481+00:00', '2026-11-24T18:00:10.125327+00:00', NULL, '615dd578ad04487cac66b42a5fc1d33d', '2026-11-24T18:01:10.038896+00:00');
INSERT INTO public.interactions VALUES ('foreign-62d86798d5bd49609ca6a54860edd7ec', 'v1_SfAkpO2Bfkjaf6DbLxoGPEPUnufuwAcdOkh77kb9fmrY0JPY8B54OxR3KMxt4aKT', 'research', false, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, NULL, '', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:10.288512+00:00', '2026-11-24T18:00:10.424163+00:00', NULL, '615dd578ad04487cac66b42a5fc1d33d', '2026-11-24T18:01:10.423383+00:00');
INSERT INTO public.interactions VALUES ('e817261173548601-2229482a0df34dbba8f79566f10c67ce', 'e817261173548601-2229482a0df34dbba8f79566f10c67ce', 'ask', false, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, '', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:10.461075+00:00', '2026-11-24T18:00:10.461075+00:00', NULL, '615dd578ad04487cac66b42a5fc1d33d', '2026-11-24T18:01:10.462764+00:00');
INSERT INTO public.interactions VALUES ('77541277782c6d5f-58ab8a1b44704c009f1734f320752994', NULL, 'ask', false, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, 'A request on its way', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:10.551597+00:00', '2026-11-24T18:00:10.551597+00:00', NULL, '615dd578ad04487cac66b42a5fc1d33d', '2026-11-24T18:01:10.552243+00:00');
INSERT INTO public.interactions VALUES ('c3a63b1266ffc5c4-167845a0f23c4dba8fb32979e2fd3eaa', NULL, 'research', false, 'unknown', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research by itself', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:10.624443+00:00', '2026-11-24T18:00:10.624443+00:00', NULL, '615dd578ad04487cac66b42a5fc1d33d', '2026-11-24T18:01:10.626818+00:00');
INSERT INTO public.uploads VALUES ('956ebb5252e6f0b9ebd7135f121bac7cf44663f8b61b63d263505c67eaba75a7', 1488, 'application/pdf', '300551babde1e4146d1d89798024b129a2912b08f866e665a675ee980d2853f2', 'files/dbca6435bf0248e3887b979aaef6d4e1', 'https://generativelanguage.googleapis.com/v1/files/dbca6435bf0248e3887b979aaef6d4e1', '2026-11-26T18:00:01.288512+00:00');
