CREATE TABLE public.interactions (
    label character varying(512) NOT NULL,
    interaction_id character varying(512),
    kind text NOT NULL,
    plan boolean NOT NULL,
    status text NOT NULL,
    model text,
    agent text,
    previous_interaction_id text,
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
ALTER TABLE ONLY public.interactions
    ADD CONSTRAINT interactions_pkey PRIMARY KEY (label);
CREATE INDEX interactions_by_time ON public.interactions USING btree (created_at, label);
CREATE UNIQUE INDEX ix_interactions_interaction_id ON public.interactions USING btree (interaction_id);
INSERT INTO public.interactions VALUES ('415a98138d1b3f5b-8f01ae76ee00416999aaf0d26ab805d3', 'v1_S0UKIYCfXRifgtneKLI7zguR8u2Dh66Mq_B_-Ky394vc97ISQCGFE1KutugFMgKs', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, 'What drives the tides?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “What drives the tides?”

', '[]', '{"total_input_tokens": 6, "total_output_tokens": 24, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 38}', '[]', NULL, '2026-11-23T18:00:00.000000+00:00', '2026-11-23T18:00:00.076365+00:00', '2026-11-23T18:00:00.076338+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('23e269ecefe49d22-6d4e4b61a34c40f4bb03be0be69dfcfa', 'v1_rkwHByeTezAWbxmlCeWdS5PWAq3cegz80k36aTHpW04nGVUshmj4xxu4q4jCxNdF', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, 'v1_S0UKIYCfXRifgtneKLI7zguR8u2Dh66Mq_B_-Ky394vc97ISQCGFE1KutugFMgKs', 'And the neap tides?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “And the neap tides?”

Earlier turns: 1. The previous prompt was: “What drives the tides?”
', '[]', '{"total_input_tokens": 34, "total_output_tokens": 41, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 83}', '[]', NULL, '2026-11-23T18:00:00.084931+00:00', '2026-11-23T18:00:00.132274+00:00', '2026-11-23T18:00:00.132249+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('ce2336a65343a563-0aec186829e54d36b1669d7fac1a8359', 'v1_2lFW_xrSIGnkX5YAXJGhTkmT2reTl7hkpStgHoEyHScJt88D8ICeCotSvyze9R6-', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, 'Wer malte die Ölfässer? 日本語 🛢️', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “Wer malte die Ölfässer? 日本語 🛢️”

Tools: google_search.

Emulated finding 1 — a naïve sentence of 100 % multi-byte “quotes”.
', '[{"url": "https://example.com/emulated/search", "title": "example.com (emulated)", "start": 138, "end": 212}]', '{"total_input_tokens": 11, "total_output_tokens": 54, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 89}', '[]', NULL, '2026-11-23T18:00:00.135771+00:00', '2026-11-23T18:00:00.188508+00:00', '2026-11-23T18:00:00.188486+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('4889ccdb16b21a46-26e820fb9a8a4e30b923e4462fdeebe1', 'v1_sjyCBc9k2-YKFnOgzPYsAhqZc1KKdStroCAHdCDdPAAgmhTZuHOBr7w7hVmty8qq', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, 'Name a tide as JSON', '{"tide": "Emulated: Name a tide as JSON"}', '[]', '{"total_input_tokens": 5, "total_output_tokens": 11, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 24}', '[]', NULL, '2026-11-23T18:00:00.191940+00:00', '2026-11-23T18:00:00.239359+00:00', '2026-11-23T18:00:00.239331+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('c1ec5d2402880fb9-bb26c0eb30274d83a50da3c1e113add5', 'v1_XZxjDTjPXyTDOEFmANg7W5gNmXkYZqWxcdgSMyo5PqXUwwYqOWDsDQHadlTyvPLW', 'ask', false, 'failed', 'gemini-3.8-flash', NULL, NULL, 'An answer that ends as failed', '', '[]', '{"total_input_tokens": 8, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 8}', '[]', 'The interaction failed at Google (The emulator was told to fail.).', '2026-11-23T18:00:00.243080+00:00', '2026-11-23T18:00:00.275305+00:00', '2026-11-23T18:00:00.275284+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('0dd2188bf2fd78cc-ad373fb00ad7418ba4a203cdb761c3c0', 'v1_z5HYTHfiW4wRSUZe1oPRQsQVk-BBlUqGnxnH7rKjwYCHJVO504N6rd6FO-ZQUWPq', 'ask', false, 'incomplete', 'gemini-3.8-flash', NULL, NULL, 'An answer that ends as incomplete', 'Emulated answer by gemini-3.8-flash (no model ran)', '[]', '{"total_input_tokens": 9, "total_output_tokens": 13, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 30}', '[]', 'The answer is incomplete: it reached max_output_tokens or another limit.', '2026-11-23T18:00:00.282329+00:00', '2026-11-23T18:00:00.321817+00:00', '2026-11-23T18:00:00.321788+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('64cf6ed12b5c49fc-2ed7060989284a6e9ce5c3d945345275', 'v1_nOa5nyVPjS4VdUxFonApkhOoe085z82fkypiRUdCCeJV6Wx1We4tBtJJUpBKyNjE', 'ask', false, 'budget_exceeded', 'gemini-3.8-flash', NULL, NULL, 'An answer that ends as budget_exceeded', 'Emulated answer by gemini-3.8-flash (no model ran).

', '[]', '{"total_input_tokens": 10, "total_output_tokens": 14, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 32}', '[]', 'The answer is incomplete: it reached its token budget.', '2026-11-23T18:00:00.325685+00:00', '2026-11-23T18:00:00.369736+00:00', '2026-11-23T18:00:00.369714+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('51f751c3c3aacdf1-1019919c35264d4e8e771e5ea417ddbf', 'v1_zukxCFm4TS-LJULoOfM6Bm1-E9VlYaRO7Ik4qyJoFoEXAAIciYg5LEJNBXIggIGu', 'ask', false, 'requires_action', 'gemini-3.8-flash', NULL, NULL, 'An answer that ends as requires_action', '', '[]', '{"total_input_tokens": 10, "total_output_tokens": 0, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 34}', '[]', 'Gemini stopped to call a function, which this server does not offer.', '2026-11-23T18:00:00.373618+00:00', '2026-11-23T18:00:00.412724+00:00', '2026-11-23T18:00:00.412699+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('26dc1c5f950f6ada-bd75c91b105c43a7857559d4994b3542', 'v1_wZAX4b_Z_Kynb8Cc_yM2AcWkPUvmdRAczMdA430XTK2hTT4KRVQpF_tkJ5KFAsl3', 'ask', false, 'requires_continuation', 'gemini-3.8-flash', NULL, NULL, 'An answer that ends as requires_continuation', 'Emulated answer by gemini-3.8-flash (no model ran).

You', '[]', '{"total_input_tokens": 11, "total_output_tokens": 14, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 33}', '[]', 'The answer is incomplete: it reached the limit of one request; gemini_continue can ask for the rest.', '2026-11-23T18:00:00.415845+00:00', '2026-11-23T18:00:00.452655+00:00', '2026-11-23T18:00:00.452636+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('502b27b39527f7be-88f09aa30ed94e9bbf9e85e571e6d0d0', 'v1_fmKRknpFYcbaOSgxe9qAazCIiUQ1Gpe9OZX04Ij7IQJRhDUpUz2Qi3Yi2dyICRjo', 'ask', false, 'failed', 'gemini-3.8-flash', NULL, NULL, 'An answer that is blocked', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction failed at Google (The response was blocked because of the safety settings.).', '2026-11-23T18:00:00.455527+00:00', '2026-11-23T18:00:00.487450+00:00', '2026-11-23T18:00:00.487429+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('58365e73c76eeb0e-a5131c4c9c464e3d89bd82eedb4cd218', 'v1_f1fLDmI-SIp54E1K574fDYlEGzt-XMmmiAPXgAVc1HIA_csCch3vXSfIygPu2Grw', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, 'An answer of a thought only', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 15}', '[]', 'Gemini completed the interaction without an answer; steps seen: user_input, thought. A safety filter is the usual cause: rephrase the prompt.', '2026-11-23T18:00:00.490609+00:00', '2026-11-23T18:00:00.521796+00:00', '2026-11-23T18:00:00.521774+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('03cf2e66dc744be7-15eb7a5cf3bd4aa7815ed47e90252ee3', NULL, 'ask', false, 'failed', 'gemini-3.8-flash', NULL, NULL, 'A request that is refused', '', '[]', NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again.', '2026-11-23T18:00:00.525395+00:00', '2026-11-23T18:00:00.544537+00:00', '2026-11-23T18:00:00.544513+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('be071adc8d532455-4eb8e798f53f4e04a5afc3cd1dd1ab26', NULL, 'ask', false, 'unknown', 'gemini-3.8-flash', NULL, NULL, 'A request of unknown outcome', '', '[]', NULL, '[]', 'The connection to Google broke before an answer came. Google may have taken the request all the same, so it was not sent again. See list_interactions before asking a second time: a second request may be charged too.', '2026-11-23T18:00:00.554659+00:00', '2026-11-23T18:00:00.580167+00:00', NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('92cd304ff2b49a90-09c11f707a3f47e59cb63f075201a84b', '92cd304ff2b49a90-09c11f707a3f47e59cb63f075201a84b', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, '', '', '[]', '{"total_input_tokens": 5, "total_output_tokens": 23, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 36}', '[]', NULL, '2026-11-23T18:00:00.585318+00:00', '2026-11-23T18:00:00.633016+00:00', '2026-11-23T18:00:00.632987+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('66a361516ec6c3d0-a0a081c1063e4779b32b25c5038b307d', '66a361516ec6c3d0-a0a081c1063e4779b32b25c5038b307d', 'ask', false, 'failed', 'gemini-3.8-flash', NULL, NULL, '', '', '[]', NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again. (interaction_id: 66a361516ec6c3d0-a0a081c1063e4779b32b25c5038b307d)', '2026-11-23T18:00:00.638778+00:00', '2026-11-23T18:00:00.656007+00:00', '2026-11-23T18:00:00.655986+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('cb4684996f9dd521-0556f360a96f4f698b00ecdee94f7257', 'cb4684996f9dd521-0556f360a96f4f698b00ecdee94f7257', 'ask', false, 'cancelled', 'gemini-3.8-flash', NULL, NULL, '', '', '[]', NULL, '[]', 'The call was cancelled.', '2026-11-23T18:00:00.659645+00:00', '2026-11-23T18:00:00.695304+00:00', '2026-11-23T18:00:00.695282+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('3897bc1503a878d2-bb2ea8f5c8d0409d82cd7fd53d93ac4b', 'v1_CbT3vP4iHtbd6wVyR3ooo2CGGgmCVI_DDN6mz80q3EmR2HXAItjtS3AczY1LrgJb', 'ask', false, 'cancelled', 'gemini-3.8-flash', NULL, NULL, 'A question that is given up', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction was cancelled.', '2026-11-23T18:00:01.198904+00:00', '2026-11-23T18:00:01.286197+00:00', '2026-11-23T18:00:01.286166+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('ecea3e7cd5f23772-afafa07ee95542a6abbd7f7ac0356409', 'v1_dts5qDUmS_Dy9QVAVkRdCLRE68ULkpjzGmZv-I-u45IpQJ1l9kU2ZU4jM4eBxn5l', 'analyze', false, 'completed', 'gemini-3.8-flash', NULL, NULL, 'What is in these?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “File note.txt:

The moon is 384,400 km away.
What is in these?”

File 1, image: image/png, 69 bytes, 1 x 1 pixels, inline
', '[]', '{"total_input_tokens": 274, "total_output_tokens": 48, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 330}', '[]', NULL, '2026-11-23T18:00:01.762893+00:00', '2026-11-23T18:00:01.840449+00:00', '2026-11-23T18:00:01.840425+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('0c15c4f62e5aece5-1983e4a723a549e4a58d254593b1ce69', 'v1_m4ruvxRGFnJoY7kmBcoFuLc9n2ZOqB4laviCUf2RB1vwlSgti062mTrqClJq9tyO', 'analyze', false, 'completed', 'gemini-3.8-flash', NULL, NULL, 'What does the paper say?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “What does the paper say?”

File 1, document: application/pdf, 1488 bytes, files/9ae113ee8ba6
', '[]', '{"total_input_tokens": 264, "total_output_tokens": 41, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 313}', '[]', NULL, '2026-11-23T18:00:01.856631+00:00', '2026-11-23T18:00:01.936788+00:00', '2026-11-23T18:00:01.936756+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('75ef9111fdac59dd-1042870c31924d85b3ce9a5f14fcc771', 'v1_26q3iGxWR7VGOOXYAQaOZhLKNNNU9ZDXtu13zGTAL9hK5Q4gcHS8Q9qCrFBpPs4T', 'image', false, 'completed', 'gemini-3.1-flash-image', NULL, NULL, 'A red bicycle', '', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1132}', '[{"name": "2026-11-23-red-bicycle.jpg", "path": "/home/user/gemini/2026-11-23-red-bicycle.jpg", "mime_type": "image/jpeg", "bytes": 11768, "width": 512, "height": 512}]', NULL, '2026-11-23T18:00:01.944382+00:00', '2026-11-23T18:00:02.022181+00:00', '2026-11-23T18:00:02.022141+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('b1b6837223000dbb-c1003628d373416c8ffc1a9a1f388f65', 'v1_piixB-UGHAw0cBGqzk-eqffrl24Dg70FM1fLoFyJBTmTUowi1JN_h65J6xayGLIf', 'image', false, 'completed', 'gemini-3.1-flash-image', NULL, 'v1_26q3iGxWR7VGOOXYAQaOZhLKNNNU9ZDXtu13zGTAL9hK5Q4gcHS8Q9qCrFBpPs4T', 'Make it green', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1135}', '[{"name": "2026-11-23-make-it-green.jpg", "path": "/home/user/gemini/2026-11-23-make-it-green.jpg", "mime_type": "image/jpeg", "bytes": 11825, "width": 512, "height": 512}]', NULL, '2026-11-23T18:00:02.030207+00:00', '2026-11-23T18:00:02.076953+00:00', '2026-11-23T18:00:02.076916+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('7944ded61f954156-4cbd64ebc4a3403b82d73998c4ffdc2d', 'v1_y5tBHThF9Y_4rOLCNbe6fag1YXFlFmxYkpwdlrFSSQPvEkcunmCCPXPfr3LdQRSQ', 'image', false, 'completed', 'gemini-3.1-flash-image', NULL, NULL, 'A quay at night', '', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1132}', '[{"name": "quay.jpg", "path": "/home/user/gemini/quay.jpg", "mime_type": "image/jpeg", "bytes": 11940, "width": 512, "height": 512}]', NULL, '2026-11-23T18:00:02.084066+00:00', '2026-11-23T18:00:02.132043+00:00', '2026-11-23T18:00:02.132009+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('6ff81124c03f0893-427a608e433f4b9790f6bd3a97705e7e', 'v1_YcUDls_bRaRdGmbdU6LN90S5KkdOhLiOYYEGpBnRGuTcZG5WF-KxKfuqTW-_w39r', 'image', false, 'failed', 'gemini-3.1-flash-image', NULL, NULL, 'A picture that is blocked', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction failed at Google (The response was blocked because of the safety settings.).', '2026-11-23T18:00:02.138757+00:00', '2026-11-23T18:00:02.166677+00:00', '2026-11-23T18:00:02.166655+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('4f373c38395af735-f1096b45ec1a4a7995e91b53704f6418', 'v1_Ia-PY5gxPcP0DFO9owujfgMV6sqs4gARH2CHkVCIbnbR_C7-cZ3EcmJ3B3x47Dci', 'research', false, 'completed', NULL, 'deep-research-preview-04-2026', NULL, 'The history of bicycles', '# Research report: The history of bicycles

Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Summary

Tools: google_search, url_context, code_execution.

Nothing was researched — these are sentences of the emulator.

## Findings

Emulated Handbook reports “1 of 3” for the naïve case. [1]

Journal of Naïve Results reports “2 of 3” for the naïve case. [2]

Café Statistics — Yearly Review reports “3 of 3” for the naïve case. [3]

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
', '[{"url": "https://example.com/emulated/redirect/1", "title": "", "start": 252, "end": 315}, {"url": "https://example.com/emulated/redirect/2", "title": "", "start": 317, "end": 388}, {"url": "https://example.com/emulated/redirect/3", "title": "", "start": 390, "end": 470}, {"url": "https://example.com/emulated/redirect/1", "title": "", "start": 576, "end": 629}]', '{"total_input_tokens": 6, "total_output_tokens": 1354, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 1424}', '[{"name": "2026-11-23-history-of-bicycles.png", "path": "/home/user/gemini/2026-11-23-history-of-bicycles.png", "mime_type": "image/png", "bytes": 5257, "width": 640, "height": 360}, {"name": "2026-11-23-history-of-bicycles.md", "path": "/home/user/gemini/2026-11-23-history-of-bicycles.md", "mime_type": "text/markdown", "bytes": 933, "width": null, "height": null}]', NULL, '2026-11-23T18:00:02.169268+00:00', '2026-11-23T18:00:02.307082+00:00', '2026-11-23T18:00:02.307041+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('3ee2d89f8c71c437-8dee5e91c18b47ca81481c9e7f484930', 'v1_e2FTQEjTzHrrCFhcOlUSjfVtKgo76mfKLiF9nunEzmJuL455_Ow7ksk1iN9iozTo', 'research', true, 'completed', NULL, 'deep-research-preview-04-2026', NULL, 'Cargo bicycles in Europe', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: Cargo bicycles in Europe

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '{"total_input_tokens": 6, "total_output_tokens": 57, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 71}', '[]', NULL, '2026-11-23T18:00:02.323129+00:00', '2026-11-23T18:00:02.437090+00:00', '2026-11-23T18:00:02.437042+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('dd69f55df2e3afba-b99c96bcbb1946b09230a63617442bea', 'v1_n5e7zAdlAfpzfgOf1VJttlYPZwBz7ZL4G0LNrpu0vVwB5TWd_sabotX0SWMH3Y-h', 'research', true, 'completed', NULL, 'deep-research-preview-04-2026', 'v1_e2FTQEjTzHrrCFhcOlUSjfVtKgo76mfKLiF9nunEzmJuL455_Ow7ksk1iN9iozTo', 'Only in Denmark', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Refined research plan

Topic: Only in Denmark

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

Earlier turns: 1. The previous prompt was: “Cargo bicycles in Europe”

', '[]', '{"total_input_tokens": 66, "total_output_tokens": 75, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 149}', '[]', NULL, '2026-11-23T18:00:02.446877+00:00', '2026-11-23T18:00:02.552505+00:00', '2026-11-23T18:00:02.552466+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('foreign-05791b5345b34c42b5aa885932a10fb2', 'v1__6QeUtPdNccqIYjCRszlZFHBOHuFwCqOcAnaMwsTCfYhySw45lRhG5ap_MJt8vh-', 'image', false, 'completed', 'gemini-3.1-flash-image', NULL, NULL, 'A blue bicycle', '', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1132}', '[{"name": "2026-11-23-blue-bicycle.jpg", "path": "/home/user/gemini/2026-11-23-blue-bicycle.jpg", "mime_type": "image/jpeg", "bytes": 11903, "width": 512, "height": 512}]', NULL, '2026-11-23T18:00:02.462842+00:00', '2026-11-23T18:00:03.250331+00:00', '2026-11-23T18:00:03.250299+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('foreign-1c44e0f9ba9943ecb90c42491403fdb4', 'v1_u6v9gdaD6Qhbq7wHXq4_CB7bvhWoyyQb8i-L0uwExErm4E9ZEvEYnDdZ0C27k31w', 'ask', false, 'completed', 'gemini-3.5-flash', NULL, NULL, 'Who are you?', 'Emulated answer by gemini-3.5-flash (no model ran).

You asked: “Who are you?”

', '[]', '{"total_input_tokens": 3, "total_output_tokens": 21, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 32}', '[]', NULL, '2026-11-23T18:00:02.462842+00:00', '2026-11-23T18:00:03.125332+00:00', '2026-11-23T18:00:03.125302+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('foreign-27518b8c1f294c11b5ceac190c279dcf', 'v1_OoWbrx47oF-LgwWL99McOZoWxaxv72GANbSzW2LC-6DNqq926rvhHhbClJ3RaIgO', 'research', false, 'completed', NULL, 'deep-research-preview-04-2026', NULL, '', '# Research report: Bicycles of others

Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Summary

Tools: google_search, url_context, code_execution.

Nothing was researched — these are sentences of the emulator.

## Findings

Emulated Handbook reports “1 of 3” for the naïve case. [1]

Journal of Naïve Results reports “2 of 3” for the naïve case. [2]

Café Statistics — Yearly Review reports “3 of 3” for the naïve case. [3]

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
', '[{"url": "https://example.com/emulated/redirect/1", "title": "", "start": 247, "end": 310}, {"url": "https://example.com/emulated/redirect/2", "title": "", "start": 312, "end": 383}, {"url": "https://example.com/emulated/redirect/3", "title": "", "start": 385, "end": 465}, {"url": "https://example.com/emulated/redirect/1", "title": "", "start": 571, "end": 624}]', '{"total_input_tokens": 5, "total_output_tokens": 1352, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 1421}', '[{"name": "2026-11-23-bicycles-of-others.png", "path": "/home/user/gemini/2026-11-23-bicycles-of-others.png", "mime_type": "image/png", "bytes": 5257, "width": 640, "height": 360}, {"name": "2026-11-23-bicycles-of-others.md", "path": "/home/user/gemini/2026-11-23-bicycles-of-others.md", "mime_type": "text/markdown", "bytes": 928, "width": null, "height": null}]', NULL, '2026-11-23T18:00:02.462842+00:00', '2026-11-23T18:00:03.449725+00:00', '2026-11-23T18:00:03.449694+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('7a6ae6dd77276ea9-2c34d143bcf2449a805bc913dfdaeb66', 'v1_3B7Sj4CaARZtqtB8y0i7OaVpMrA6Et7gLKuALbpOxzcx8VkYqoC9gB2JluqmutIo', 'research', false, 'completed', NULL, 'deep-research-preview-04-2026', 'v1_n5e7zAdlAfpzfgOf1VJttlYPZwBz7ZL4G0LNrpu0vVwB5TWd_sabotX0SWMH3Y-h', 'Go ahead', '# Research report: Go ahead

Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Summary

The approved plan was for: “Only in Denmark”

Tools: google_search, url_context, code_execution.

Earlier turns: 2. The previous prompt was: “Only in Denmark”

Nothing was researched — these are sentences of the emulator.

## Findings

Emulated Handbook reports “1 of 3” for the naïve case. [1]

Journal of Naïve Results reports “2 of 3” for the naïve case. [2]

Café Statistics — Yearly Review reports “3 of 3” for the naïve case. [3]

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
', '[{"url": "https://example.com/emulated/redirect/1", "title": "", "start": 353, "end": 416}, {"url": "https://example.com/emulated/redirect/2", "title": "", "start": 418, "end": 489}, {"url": "https://example.com/emulated/redirect/3", "title": "", "start": 491, "end": 571}, {"url": "https://example.com/emulated/redirect/1", "title": "", "start": 677, "end": 730}]', '{"total_input_tokens": 143, "total_output_tokens": 259, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 466}', '[{"name": "2026-11-23-go-ahead.md", "path": "/home/user/gemini/2026-11-23-go-ahead.md", "mime_type": "text/markdown", "bytes": 1034, "width": null, "height": null}]', NULL, '2026-11-23T18:00:02.556713+00:00', '2026-11-23T18:00:02.703461+00:00', '2026-11-23T18:00:02.703424+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('7ca0a01fc3733ea1-99ce6a906684455eb8e5d77ed05d11ec', 'v1_PNyFihL4j62GnZG6ZzvuTofVh8yOxrFeSZg5GD1qAq-gamx8PCtjUhKfYIjnjx2E', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, 'v1_3B7Sj4CaARZtqtB8y0i7OaVpMrA6Et7gLKuALbpOxzcx8VkYqoC9gB2JluqmutIo', 'Say it in one sentence', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “Say it in one sentence”

Earlier turns: 3. The previous prompt was: “Go ahead”
', '[]', '{"total_input_tokens": 407, "total_output_tokens": 38, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 453}', '[]', NULL, '2026-11-23T18:00:02.707389+00:00', '2026-11-23T18:00:02.750783+00:00', '2026-11-23T18:00:02.750762+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('8ca0f7b3fe111152-fa3e011a5b314554ac7c5ae825fb7907', 'v1_p1XqA3-vqFZlXaTleAk_1-FmJRXX2PFQqBoFaY5XvTxTAcXLnBMgov5TUJHbVJIq', 'research', true, 'completed', NULL, 'deep-research-preview-04-2026', NULL, 'A plan that waits', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: A plan that waits

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '{"total_input_tokens": 5, "total_output_tokens": 55, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 68}', '[]', NULL, '2026-11-23T18:00:02.754448+00:00', '2026-11-23T18:00:02.837135+00:00', '2026-11-23T18:00:02.837103+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('b1576de0d2744434-f340cb26b77b4a74ab4858749fa21787', 'v1_VGlHaLOiWAAdtcSTufCyJ8wJ3CFCynoqSusqEU_vKtThtJVKmaLnfRg-zmxWZSKD', 'research', false, 'cancelled', NULL, 'deep-research-preview-04-2026', NULL, 'Research that is given up again', '', '[]', '{"total_input_tokens": 8, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 8}', '[]', 'The interaction was cancelled.', '2026-11-23T18:00:02.841530+00:00', '2026-11-23T18:00:02.911509+00:00', '2026-11-23T18:00:02.911477+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('ae152f62f6d836d0-86c18eca28324e97807e5f39c8b4cb98', NULL, 'research', false, 'failed', NULL, 'deep-research-preview-04-2026', NULL, 'Research that is refused', '', '[]', NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again.', '2026-11-23T18:00:02.913729+00:00', '2026-11-23T18:00:02.930662+00:00', '2026-11-23T18:00:02.930634+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('1a9bbf9ccd09c215-cbeb471f21614339b0c117fd6440f96d', NULL, 'research', false, 'unknown', NULL, 'deep-research-preview-04-2026', NULL, 'Research that is of unknown outcome', '', '[]', NULL, '[]', 'The connection to Google broke before an answer came. Google may have taken the request all the same, so it was not sent again. See list_interactions before asking a second time: a second request may be charged too.', '2026-11-23T18:00:02.940918+00:00', '2026-11-23T18:00:02.968981+00:00', NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('fda9f260398e9842-0372f8693de14ce89c7b8feb8b0d70fa', 'v1_Cti6lyc2R5irN_woQcu34Jl_9--zqfoYO7fcX64NpDZ_dk7fN6yQv7xpTyN5Up46', 'research', false, 'failed', NULL, 'deep-research-preview-04-2026', NULL, 'Research that fails', '', '[]', '{"total_input_tokens": 5, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 5}', '[]', 'The interaction failed at Google (The emulator was told to fail.).', '2026-11-23T18:00:02.972425+00:00', '2026-11-23T18:00:03.095295+00:00', '2026-11-23T18:00:03.095257+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('73482e06da873180-10fbf2e75fd143658e599a8b76d8ba10', 'v1_6x8-CPlhDkXta3BeuoOCEF_tMYYospzAWQNkoMOe1OQ1zZGX0Pv4eQmBcWQQuUlQ', 'image', false, 'completed', 'gemini-3.1-flash-image', NULL, NULL, 'A picture without a place', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1135}', '[]', 'The files could not be saved: Cannot write to /home/user/gemini: Not a directory. Make room there, or set GEMINI_MCP_OUTPUT_DIR to another directory. Then read_interaction saves them.', '2026-11-23T18:00:03.709345+00:00', '2026-11-23T18:00:07.829411+00:00', '2026-11-23T18:00:07.829377+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('a07e26335ba12be0-04296c65ecbb4d178f3934a9b5b30db3', 'v1_m1lCNfXf3y7CAYVOLBCHPqHqjJ72bUqH_e4cT3prHQzQClBmN4k763NhJlIr9tVS', 'research', false, 'completed', NULL, 'deep-research-preview-04-2026', NULL, 'A report without a place', '# Research report: A report without a place

Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Summary

Tools: google_search, url_context, code_execution.

Nothing was researched — these are sentences of the emulator.

## Findings

Emulated Handbook reports “1 of 3” for the naïve case. [1]

Journal of Naïve Results reports “2 of 3” for the naïve case. [2]

Café Statistics — Yearly Review reports “3 of 3” for the naïve case. [3]

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
', '[{"url": "https://example.com/emulated/redirect/1", "title": "", "start": 253, "end": 316}, {"url": "https://example.com/emulated/redirect/2", "title": "", "start": 318, "end": 389}, {"url": "https://example.com/emulated/redirect/3", "title": "", "start": 391, "end": 471}, {"url": "https://example.com/emulated/redirect/1", "title": "", "start": 577, "end": 630}]', '{"total_input_tokens": 6, "total_output_tokens": 234, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 304}', '[]', 'The files could not be saved: Cannot write to /home/user/gemini: Not a directory. Make room there, or set GEMINI_MCP_OUTPUT_DIR to another directory. Then read_interaction saves them.', '2026-11-23T18:00:07.730099+00:00', '2026-11-23T18:00:07.891041+00:00', '2026-11-23T18:00:07.891013+00:00', NULL, NULL);
INSERT INTO public.interactions VALUES ('eb3098b82c5e755a-1ca46165df9944ef8083c2e765320907', 'v1_Xol5cEGClkZujKgKnGhecqg5qI2C1jS0I4qTAnuPfRhX-OdrJCxoUC44uhyUWmnZ', 'research', false, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, 'Research that takes for ever', '', '[]', NULL, '[]', 'Still in progress after 65 minutes, longer than Deep Research ever takes: it is probably stuck at Google. It is kept; check_research looks again. (interaction_id: v1_Xol5cEGClkZujKgKnGhecqg5qI2C1jS0I4qTAnuPfRhX-OdrJCxoUC44uhyUWmnZ)', '2026-11-23T18:00:07.995513+00:00', '2026-11-23T18:00:08.541350+00:00', NULL, 'ba0f185161484974972fd92577e7f68d', '2026-11-23T18:01:09.205389+00:00');
INSERT INTO public.interactions VALUES ('28d6250236b318d3-917da9d1d362420b829d9d189f201f2c', 'v1_W-9Dn1VBU-QVzeVieEOF-miNZEowd1gCIv09ZpcjiKS-z3jNwr7eA-q450nIusSQ', 'research', false, 'failed', NULL, 'deep-research-preview-04-2026', NULL, 'Research that is lost', '', '[]', NULL, '[]', 'Google keeps no interaction v1_W-9Dn1VBU-QVzeVieEOF-miNZEowd1gCIv09ZpcjiKS-z3jNwr7eA-q450nIusSQ: the id is wrong, of another project''s key, deleted, or past its keeping time (55 days, 1 day on the free tier).', '2026-11-23T18:00:08.548328+00:00', '2026-11-23T18:00:09.103096+00:00', NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('8872fb52ccb38876-0e87ea867b02414cb2ddda552f86695e', 'v1_IA-_uJZkKNt78NguFy_i5zA8YUA_EW4PjSrEtjJvS93245YSDIupercY9eywH5MC', 'research', true, 'completed', NULL, 'deep-research-preview-04-2026', NULL, 'Ferries of Norway', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: Ferries of Norway

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '{"total_input_tokens": 5, "total_output_tokens": 55, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 68}', '[]', NULL, '2026-11-23T18:00:09.239407+00:00', '2026-11-23T18:00:09.346994+00:00', '2026-11-23T18:00:09.346959+00:00', 'ba0f185161484974972fd92577e7f68d', '2026-11-23T18:01:09.241403+00:00');
INSERT INTO public.interactions VALUES ('2c83b6f90e5091e1-faf457d106ad452a8aaa3931fb07e926', 'v1_4WATuuUPwFB_nnHiFy7JbvedePWzC1IrsvqQlbEBp4yzOfw1QJGR1W6xr1RCgl8Z', 'research', false, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, 'Lighthouses of Brittany', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.357078+00:00', '2026-11-23T18:00:09.420025+00:00', NULL, 'ba0f185161484974972fd92577e7f68d', '2026-11-23T18:01:09.357387+00:00');
INSERT INTO public.interactions VALUES ('1e7e6ca7e575f772-c05be4d0e02c47a99ca0facf72eb6fc7', 'v1_uIwM9ILCM-Lg8Hvc8OFp5PaitQB9yvZVHaU-7JomtLUlw35Je2mbJkverJvFrYtA', 'research', false, 'in_progress', NULL, 'deep-research-preview-04-2026', 'v1_IA-_uJZkKNt78NguFy_i5zA8YUA_EW4PjSrEtjJvS93245YSDIupercY9eywH5MC', 'Go ahead with it', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.431404+00:00', '2026-11-23T18:00:09.495400+00:00', NULL, 'ba0f185161484974972fd92577e7f68d', '2026-11-23T18:01:09.431641+00:00');
INSERT INTO public.interactions VALUES ('foreign-ea584d9ea20a49cd82d9893ae7a76c64', 'v1_bEQiYkmvn9e0vl9dTbf_GpV-4Lh7f-z1hnFwn-b15Ab4wIKtEkBzU4vNLAcpI3b7', 'research', false, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, '', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.462842+00:00', '2026-11-23T18:00:09.741516+00:00', NULL, 'ba0f185161484974972fd92577e7f68d', '2026-11-23T18:01:09.741586+00:00');
INSERT INTO public.interactions VALUES ('ea61074a4cc857d9-900816a36f6241bcb6c62efdaa58edbf', 'v1_8LZUwaqwgXZGg0_TToxqduhkCGgWwJ7h5Ud8AOhov94NSO7JDR2kL1G7oD6KZVIj', 'ask', false, 'in_progress', 'gemini-3.8-flash', NULL, NULL, 'A slow answer', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.511014+00:00', '2026-11-23T18:00:09.544417+00:00', NULL, 'ba0f185161484974972fd92577e7f68d', '2026-11-23T18:01:09.511399+00:00');
INSERT INTO public.interactions VALUES ('402b30e85370b7d4-649b2bed70b0410fbfec38e1f472e4f2', '402b30e85370b7d4-649b2bed70b0410fbfec38e1f472e4f2', 'ask', false, 'unknown', 'gemini-3.8-flash', NULL, NULL, '', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.761782+00:00', '2026-11-23T18:00:09.761782+00:00', NULL, 'ba0f185161484974972fd92577e7f68d', '2026-11-23T18:01:09.762398+00:00');
INSERT INTO public.interactions VALUES ('16a02b660ed8fd71-4e44f88248c64eea968c0ffd3d90f012', NULL, 'ask', false, 'unknown', 'gemini-3.8-flash', NULL, NULL, 'A request on its way', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.836922+00:00', '2026-11-23T18:00:09.836922+00:00', NULL, 'ba0f185161484974972fd92577e7f68d', '2026-11-23T18:01:09.837996+00:00');
INSERT INTO public.interactions VALUES ('a3326ad19c54e34b-f459f957ff024d2f96d8cd6387918aa1', NULL, 'research', false, 'unknown', NULL, 'deep-research-preview-04-2026', NULL, 'Research by itself', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.893915+00:00', '2026-11-23T18:00:09.893915+00:00', NULL, 'ba0f185161484974972fd92577e7f68d', '2026-11-23T18:01:09.897594+00:00');
