CREATE TABLE public.gate (
    number integer NOT NULL
);
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
    tools json,
    prompt text NOT NULL,
    text text NOT NULL,
    citations json NOT NULL,
    code json,
    failures json,
    usage json,
    files json NOT NULL,
    error text,
    terms json,
    stopped_by text,
    created_at character varying(32) NOT NULL,
    updated_at character varying(32) NOT NULL,
    finished_at character varying(32),
    delivered_at character varying(32),
    detached_at character varying(32),
    topic text,
    deleted_at character varying(32),
    owner character varying(512),
    owned_until character varying(32),
    leased_at character varying(32)
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
ALTER TABLE ONLY public.gate
    ADD CONSTRAINT gate_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.interactions
    ADD CONSTRAINT interactions_pkey PRIMARY KEY (label);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (account, size, mime_type, digest);
CREATE INDEX interactions_by_time ON public.interactions USING btree (created_at, label);
CREATE UNIQUE INDEX ix_interactions_interaction_id ON public.interactions USING btree (interaction_id);
INSERT INTO public.gate VALUES (1);
INSERT INTO public.interactions VALUES ('2627b6196cebc3e7-5273e897df044ee4ba5e6ae426c89dc8', 'v1_FxfwaPjCUnqO87xTCCLJLeW_xy_ZoRAD65S52qy_aRIovje4lfWCn8PW-a70cERZ', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'What drives the tides?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “What drives the tides?”

', '[]', '[]', '[]', '{"total_input_tokens": 6, "total_output_tokens": 24, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 38}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:00.000000+00:00', '2026-11-29T09:00:00.051869+00:00', '2026-11-29T09:00:00.051860+00:00', '2026-11-29T09:00:00.057355+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('8f90df3ef04b1a13-aceddf57a20b470d8ab915a178690aa7', 'v1_ys7QiBEPm5y79iKNbAhkJdQP-AQv4VDEtTDxFxfbjwt-TlD_R4c9LmY85mtE2Xtj', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, 'v1_FxfwaPjCUnqO87xTCCLJLeW_xy_ZoRAD65S52qy_aRIovje4lfWCn8PW-a70cERZ', NULL, NULL, 'And the neap tides?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “And the neap tides?”

Earlier turns: 1. The previous prompt was: “What drives the tides?”
', '[]', '[]', '[]', '{"total_input_tokens": 34, "total_output_tokens": 41, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 83}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:00.070215+00:00', '2026-11-29T09:00:00.099393+00:00', '2026-11-29T09:00:00.099385+00:00', '2026-11-29T09:00:00.102885+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('18020da913f097a5-d6095b287d9143d596be707e28074738', 'v1_KyflY2K9R_vGYjXhTqdL0wmizbmg9f2bjMgj-5e-HorqmiGHyo44-cz-vZ9JaqAo', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'Wer malte die Ölfässer? 日本語 🛢️', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “Wer malte die Ölfässer? 日本語 🛢️”

Tools: google_search.

Emulated finding 1 — a naïve sentence of 100 % multi-byte “quotes”.
', '[{"url": "https://example.com/emulated/search", "title": "example.com (emulated)", "resolved": "", "start": 138, "end": 212}]', '[]', '[]', '{"total_input_tokens": 11, "total_output_tokens": 54, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 89}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:00.105303+00:00', '2026-11-29T09:00:00.150909+00:00', '2026-11-29T09:00:00.150895+00:00', '2026-11-29T09:00:00.155308+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('16789fc294b4b86b-c213cab34ced4f14a321b681de2234c3', 'v1_HOl8NUkPh8798CjapyODjudiSKTgRBiJLXbmii_ku--YzIenmwpvHRMyebxjqd4M', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'Name a tide as JSON', '{"tide": "Emulated: Name a tide as JSON"}', '[]', '[]', '[]', '{"total_input_tokens": 5, "total_output_tokens": 11, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 24}', '[]', NULL, '{"response_schema": {"type": "object", "properties": {"tide": {"type": "string"}}, "required": ["tide"]}}', NULL, '2026-11-29T09:00:00.158001+00:00', '2026-11-29T09:00:00.198651+00:00', '2026-11-29T09:00:00.198644+00:00', '2026-11-29T09:00:00.250629+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('f05ebef208d3b1b1-e6ac933965ff4f4f89b21853dd70b129', 'v1_Y50ajg7zCiq7coiaMyihwZZHMmzDwnWnsT4F47oHu1Xp1-elwPuSYMvvOHtyAKaG', 'ask', false, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer that ends as failed', '', '[]', '[]', '[]', '{"total_input_tokens": 8, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 8}', '[]', 'The interaction failed at Google (internal: The emulator was told to fail).', '{"max_output_tokens": 50}', NULL, '2026-11-29T09:00:00.253270+00:00', '2026-11-29T09:00:00.291424+00:00', '2026-11-29T09:00:00.291415+00:00', '2026-11-29T09:00:00.294306+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('b5c9713621194ab7-89de155f504b43bdbe22523ba03aa4e9', 'v1_ux-bbVEHDu966lqg8HspDHe8ziIpUDGdQbKCAlHL5_2LtMlVkxjoFSrwY9YJFBHa', 'ask', false, 'incomplete', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer that ends as incomplete', 'Emulated answer by gemini-3.8-flash (no model ran)', '[]', '[]', '[]', '{"total_input_tokens": 9, "total_output_tokens": 13, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 30}', '[]', 'The answer is incomplete: it reached max_output_tokens (50), of which thinking took 8 and the answer 13 tokens. Ask again with a higher max_output_tokens or a lower thinking_level, or for less at once; gemini_continue can ask for the rest.', '{"max_output_tokens": 50}', NULL, '2026-11-29T09:00:00.296339+00:00', '2026-11-29T09:00:00.334401+00:00', '2026-11-29T09:00:00.334394+00:00', '2026-11-29T09:00:00.337427+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('dbf87db218969421-5436f32d45c04fefb79d642ddb8aff5f', 'v1_JrOu6Uhdt5SbNRX2cBKmtKTD36WppfCl-1s9x5U15ROoOU2c69Ir68JeAsF4IcED', 'ask', false, 'budget_exceeded', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer that ends as budget_exceeded', 'Emulated answer by gemini-3.8-flash (no model ran).

', '[]', '[]', '[]', '{"total_input_tokens": 10, "total_output_tokens": 14, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 32}', '[]', 'The answer is incomplete: it reached max_output_tokens (50), of which thinking took 8 and the answer 14 tokens. Ask again with a higher max_output_tokens or a lower thinking_level, or for less at once; gemini_continue can ask for the rest.', '{"max_output_tokens": 50}', NULL, '2026-11-29T09:00:00.339350+00:00', '2026-11-29T09:00:00.373590+00:00', '2026-11-29T09:00:00.373583+00:00', '2026-11-29T09:00:00.376621+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('408af65f12391fb4-9925642a3632452f9c5e9b835850f552', 'v1_Ac3iKbcHhDOMTwImSJKLo_3dijUhuKT6Ux6zNFDpIi3RdLNRfHcaBTGa9Obg8QjE', 'ask', false, 'requires_action', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer that ends as requires_action', '', '[]', '[]', '[]', '{"total_input_tokens": 10, "total_output_tokens": 0, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 34}', '[]', 'Gemini stopped to call a function, which this server does not offer.', '{"max_output_tokens": 50}', NULL, '2026-11-29T09:00:00.378205+00:00', '2026-11-29T09:00:00.415383+00:00', '2026-11-29T09:00:00.415374+00:00', '2026-11-29T09:00:00.417905+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('804e2f2f7ccb70de-76a5d4bfea2d44e7bc599b5766890928', 'v1_8V4jbnnqQw9mUrXhQtaVASLnwUtBdAZNJMOz6DuNOWpZT4zayyTuqs-T3wylSlNt', 'ask', false, 'requires_continuation', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer that ends as requires_continuation', 'Emulated answer by gemini-3.8-flash (no model ran).

You', '[]', '[]', '[]', '{"total_input_tokens": 11, "total_output_tokens": 14, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 33}', '[]', 'The answer is incomplete: it reached the limit of one request; gemini_continue can ask for the rest.', '{"max_output_tokens": 50}', NULL, '2026-11-29T09:00:00.420001+00:00', '2026-11-29T09:00:00.458243+00:00', '2026-11-29T09:00:00.458235+00:00', '2026-11-29T09:00:00.461017+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('2e227ab0eda02e62-99b0caa3ebb3475aaa6bec3f7cf29d72', 'v1_3jJaw4DxCkzb5EBkcgNzTSVQZXEdubyc9BQ0dM4m2H8dgqqF5lwohMreCDglrPXq', 'ask', false, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer that is blocked', '', '[]', '[]', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction failed at Google (safety, blocked by Google''s filter for unsafe content: The response was blocked because of the safety settings). Rephrase the prompt or change the files.', NULL, NULL, '2026-11-29T09:00:00.462582+00:00', '2026-11-29T09:00:00.502754+00:00', '2026-11-29T09:00:00.502743+00:00', '2026-11-29T09:00:00.505273+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('97b72dc2662cb7e8-e195258c198d41049199fb2614850657', 'v1_bDSE_10d2KSWo-xaGMEuzXli-t052sSSJp5xDx9pvEoZz8OoNJm8Coca6D3WE-Qj', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer of a thought only', '', '[]', '[]', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 15}', '[]', 'Gemini completed the interaction without an answer; steps seen: user_input, thought. Google gives no reason; read_interaction looks at it again.', NULL, NULL, '2026-11-29T09:00:00.507023+00:00', '2026-11-29T09:00:00.539048+00:00', '2026-11-29T09:00:00.539041+00:00', '2026-11-29T09:00:00.541350+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('bcd52388d7de07e4-7b75edd63a09446c8c28bf871f4378a8', NULL, 'ask', false, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'A request that is refused', '', '[]', NULL, NULL, NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again.', NULL, NULL, '2026-11-29T09:00:00.543180+00:00', '2026-11-29T09:00:00.564409+00:00', '2026-11-29T09:00:00.564400+00:00', '2026-11-29T09:00:00.571027+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('9ed408e832ad2d5c-aa9aa9a7ecb64c9ba1b015362eb7c4c0', NULL, 'ask', false, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'A request of unknown outcome', '', '[]', NULL, NULL, NULL, '[]', 'The connection to Google broke before an answer came. Google may have taken the request all the same, so it was not sent again. See list_interactions before asking a second time: a second request may be charged too.', NULL, NULL, '2026-11-29T09:00:00.572990+00:00', '2026-11-29T09:00:00.591716+00:00', NULL, '2026-11-29T09:00:00.597668+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('50708a80969bb670-41ac8489bcf44de3a55d9a6b508ba81c', '50708a80969bb670-41ac8489bcf44de3a55d9a6b508ba81c', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, '', '', '[]', NULL, NULL, '{"total_input_tokens": 5, "total_output_tokens": 23, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 36}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:00.599444+00:00', '2026-11-29T09:00:00.628670+00:00', '2026-11-29T09:00:00.628664+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('5967f2d11efeb05f-18d987b603624c8ca841e8e9d8b674e4', '5967f2d11efeb05f-18d987b603624c8ca841e8e9d8b674e4', 'ask', false, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, '', '', '[]', NULL, NULL, NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again. (interaction_id: 5967f2d11efeb05f-18d987b603624c8ca841e8e9d8b674e4)', NULL, NULL, '2026-11-29T09:00:00.634515+00:00', '2026-11-29T09:00:00.654093+00:00', '2026-11-29T09:00:00.654078+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('9b8f61b980f961f8-772292a839c845f09f2f1b0b250c799b', '9b8f61b980f961f8-772292a839c845f09f2f1b0b250c799b', 'ask', false, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, '', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:00.661407+00:00', '2026-11-29T09:00:00.661407+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('834cf823b762795e-236b26779f3c407799cde92e9bd8582b', 'v1_up1hCRubaTByIuOvn97flWV4kqUsWNCdDNF5IdmtmqQsB4HPmo4vRj-b34uvU9uK', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'A question that is given up', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “A question that is given up”

', '[]', '[]', '[]', '{"total_input_tokens": 7, "total_output_tokens": 25, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 40}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:01.189899+00:00', '2026-11-29T09:00:09.029807+00:00', '2026-11-29T09:00:09.029798+00:00', NULL, '2026-11-29T09:00:01.221659+00:00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('9e0164030fd176d9-2a2de8b7329943449e50ba87b9c0c85c', 'v1_OiOk9J-PNV6Lc1rzBPRij2zwhf_g1_yhoNnsIYRpHdAZBLQCRFeyBvDTKaAHgciE', 'analyze', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'What is in these?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “File note.txt:

The moon is 384,400 km away.
File dot.png:
What is in these?”

File 1, image: image/png, 69 bytes, 1 x 1 pixels, inline
', '[]', '[]', '[]', '{"total_input_tokens": 277, "total_output_tokens": 52, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 337}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:01.751265+00:00', '2026-11-29T09:00:01.818078+00:00', '2026-11-29T09:00:01.818067+00:00', '2026-11-29T09:00:01.823995+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('3332403d8774e255-fa590a0a6d0a4de69107b26c62a944a8', 'v1_QXWPtAromXpU81FqftGBBySkacbHolNl-nZOvite1OyiupJIxGLgvzON2iF0f9v4', 'analyze', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'What does the paper say?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “What does the paper say?”

File 1, document: application/pdf, 1488 bytes, files/fef6a9d02d214d3ea03a2b35e3d97661
', '[]', '[]', '[]', '{"total_input_tokens": 264, "total_output_tokens": 46, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 318}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:01.985118+00:00', '2026-11-29T09:00:02.059961+00:00', '2026-11-29T09:00:02.059951+00:00', '2026-11-29T09:00:02.065134+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('b1dcc3d6e47242c2-1771b8fa62da4bf0a41e29c167d3348c', 'v1_qi0is17GhHByySSluIDTUD1A-Hndd2SN9Tm7xqOPATK6RpD_jfp002qMJScuQhem', 'image', false, 'completed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, 'A red bicycle', 'Emulated answer by gemini-nano-banana-2.1 (no model ran).

You asked: “A red bicycle”

![image 1](media:1)', '[]', '[]', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1143, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1155}', '[{"name": "2026-11-29-red-bicycle-d3348c-1.jpg", "path": "/home/user/gemini/2026-11-29-red-bicycle-d3348c-1.jpg", "mime_type": "image/jpeg", "bytes": 36197, "sha256": "96d75722196cdfb2f79a4160a6fea2f6ce445bda86cec4b317d10478d667a673", "place": 1, "width": 1024, "height": 1024}]', NULL, NULL, NULL, '2026-11-29T09:00:02.076842+00:00', '2026-11-29T09:00:02.152641+00:00', '2026-11-29T09:00:02.152626+00:00', '2026-11-29T09:00:02.170733+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('08072d7882a149aa-9ede7112579a431f929bb00693fafba6', 'v1_WLYDfYwTdyttudD-j6-gv46s7dcvs9tOSEk7DD6W-quSLOvqvX-7tljHs49XA8zH', 'image', false, 'completed', 'gemini-nano-banana-2.1', NULL, 'v1_qi0is17GhHByySSluIDTUD1A-Hndd2SN9Tm7xqOPATK6RpD_jfp002qMJScuQhem', NULL, NULL, 'Make it green', 'Emulated answer by gemini-nano-banana-2.1 (no model ran).

You asked: “Make it green”

Earlier turns: 1. The previous prompt was: “A red bicycle”
![image 1](media:1)', '[]', '[]', '[]', '{"total_input_tokens": 30, "total_output_tokens": 1159, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1197}', '[{"name": "2026-11-29-red-bicycle-fafba6-1.jpg", "path": "/home/user/gemini/2026-11-29-red-bicycle-fafba6-1.jpg", "mime_type": "image/jpeg", "bytes": 36235, "sha256": "5dc1152c037411f85751d79fafdeb2e80dde5ce8024788c65bc90710a5df0a2a", "place": 1, "width": 1024, "height": 1024}]', NULL, NULL, NULL, '2026-11-29T09:00:02.177618+00:00', '2026-11-29T09:00:02.258816+00:00', '2026-11-29T09:00:02.258807+00:00', '2026-11-29T09:00:02.273874+00:00', NULL, 'A red bicycle', NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('7b7b49ab7f6b1a70-aa917443f2fd49809de667adb53fc48e', 'v1_bY0v7-H1hSmKnFIh7q7zpH7w06D2bYg9NkgF0dx7TPrQhb3Uevzo2B5dM_niR6Tq', 'image', false, 'completed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, 'A quay at night', 'Emulated answer by gemini-nano-banana-2.1 (no model ran).

You asked: “A quay at night”

![image 1](media:1)', '[]', '[]', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1144, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1156}', '[{"name": "quay.jpg", "path": "/home/user/gemini/quay.jpg", "mime_type": "image/jpeg", "bytes": 36777, "sha256": "d548080d8009d40132969e7deb63632f6856869478a7737632ae02f4ba314250", "place": 1, "width": 1024, "height": 1024}]', NULL, NULL, NULL, '2026-11-29T09:00:02.281299+00:00', '2026-11-29T09:00:02.327718+00:00', '2026-11-29T09:00:02.327708+00:00', '2026-11-29T09:00:02.345771+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('0b6d2b6a04b06f40-11321e391fb74c628ae7977fdb3145f2', 'v1_jzVs9NXSJ3Q-jCrijPqrfB_jO0zSS47TO6oPlqOfc5tozkCcsVNPYyKHmC6Un8_M', 'image', false, 'completed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, 'Two gulls [[images=2]]', 'Emulated answer by gemini-nano-banana-2.1 (no model ran).

You asked: “Two gulls [[images=2]]”

![image 1](media:1)

![image 2](media:2)', '[]', '[]', '[]', '{"total_input_tokens": 6, "total_output_tokens": 2265, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 2279}', '[{"name": "2026-11-29-two-gulls-images-2-3145f2-1.jpg", "path": "/home/user/gemini/2026-11-29-two-gulls-images-2-3145f2-1.jpg", "mime_type": "image/jpeg", "bytes": 38315, "sha256": "e60b2dc5b0ecce2de925c884d369a504f85e7635667f0ae366a02fa8e585dc9a", "place": 1, "width": 1024, "height": 1024}, {"name": "2026-11-29-two-gulls-images-2-3145f2-2.jpg", "path": "/home/user/gemini/2026-11-29-two-gulls-images-2-3145f2-2.jpg", "mime_type": "image/jpeg", "bytes": 38315, "sha256": "e60b2dc5b0ecce2de925c884d369a504f85e7635667f0ae366a02fa8e585dc9a", "place": 2, "width": 1024, "height": 1024}]', NULL, NULL, NULL, '2026-11-29T09:00:02.349958+00:00', '2026-11-29T09:00:02.399828+00:00', '2026-11-29T09:00:02.399817+00:00', '2026-11-29T09:00:02.440767+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('31827d5c2894942d-120891d110e846d79a0d237124b17d60', 'v1_0Zf8uYB47I26qv2-u9ATzYtOq_UA8tkbrO7gCl8L3dIlO5wFHlw9CrUJggFzuSBa', 'image', false, 'failed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, 'A picture that is blocked', '', '[]', '[]', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction failed at Google (safety, blocked by Google''s filter for unsafe content: The response was blocked because of the safety settings). Rephrase the prompt or change the files.', NULL, NULL, '2026-11-29T09:00:02.445559+00:00', '2026-11-29T09:00:02.488667+00:00', '2026-11-29T09:00:02.488657+00:00', '2026-11-29T09:00:02.492291+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('583407e579fe36a6-904f4a2d388643949ff5b5fab5ae2660', 'v1_2PrW6_1RBSd_omNlOWQS6Qn9TkWLL32z3YlmVW7zYJvq0ujuGZ726rdcfEqd_-lr', 'research', false, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'The history of bicycles', '# Research report: The history of bicycles

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

**Sources:**
1. [Emulated Handbook](https://vertexaisearch.cloud.google.com/grounding-api-redirect/1)
2. [Journal of Naïve Results](https://vertexaisearch.cloud.google.com/grounding-api-redirect/2)
3. [Café Statistics — Yearly Review](https://vertexaisearch.cloud.google.com/grounding-api-redirect/3)
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 252, "end": 311}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 313, "end": 380}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 382, "end": 458}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 585, "end": 638}]', '[{"code": "print(23)", "language": "python", "output": "23\n", "failed": false}]', '[]', '{"total_input_tokens": 6, "total_output_tokens": 1358, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 1428}', '[{"name": "2026-11-29-history-of-bicycles-ae2660-1.png", "path": "/home/user/gemini/2026-11-29-history-of-bicycles-ae2660-1.png", "mime_type": "image/png", "bytes": 5901, "sha256": "15d827f36e131acde59492ddc5aaca038eb0dd68c338775ac8f145ceefae09d2", "place": 1, "width": 640, "height": 360}, {"name": "2026-11-29-history-of-bicycles-ae2660.md", "path": "/home/user/gemini/2026-11-29-history-of-bicycles-ae2660.md", "mime_type": "text/markdown", "bytes": 1361, "sha256": "2a846798f5a51a4d8369a79c584ee48226fb1482b491052b6377157556147e1f"}]', NULL, NULL, NULL, '2026-11-29T09:00:02.509479+00:00', '2026-11-29T09:00:02.631077+00:00', '2026-11-29T09:00:02.631067+00:00', '2026-11-29T09:00:02.640695+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('3efabb9365f69d92-b978774b139c48209021d727a7a13e67', 'v1_wHl154f8BeoWAHwQU4PW4y48Q5jzwl6lG5p-qx9XP2Jh7ifct8AZd3_HQbvUsbwL', 'research', true, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Cargo bicycles in Europe', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: Cargo bicycles in Europe

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '[]', '[]', '{"total_input_tokens": 6, "total_output_tokens": 57, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 71}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:02.651658+00:00', '2026-11-29T09:00:02.752560+00:00', '2026-11-29T09:00:02.752547+00:00', '2026-11-29T09:00:02.761898+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('a97af6ca80c4260d-8a65a4daa35c449d9959de9d1edc1f70', 'v1_fWG1lHGieYFU2pHUSetU69a15AJkxqvNG4hmctLygeVZjEFCQrUMMSCOJqe4OCDQ', 'research', true, 'completed', NULL, 'deep-research-preview-04-2026', 'v1_wHl154f8BeoWAHwQU4PW4y48Q5jzwl6lG5p-qx9XP2Jh7ifct8AZd3_HQbvUsbwL', NULL, NULL, 'Only in Denmark', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Refined research plan

Topic: Only in Denmark

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

Earlier turns: 1. The previous prompt was: “Cargo bicycles in Europe”

', '[]', '[]', '[]', '{"total_input_tokens": 66, "total_output_tokens": 75, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 149}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:02.785983+00:00', '2026-11-29T09:00:02.901057+00:00', '2026-11-29T09:00:02.901042+00:00', '2026-11-29T09:00:02.910281+00:00', NULL, 'Cargo bicycles in Europe', NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('approvalc9f9f1b09e0ef6ed-fbf85cf3a13447768984d45c026ff205', 'v1_9dHB3EgT_WsDYEarKI8JGPldWF__-T7tW9IIaa9mXYTNbOY_Jgp0z6NNKn4Evf9O', 'research', false, 'completed', NULL, 'deep-research-preview-04-2026', 'v1_fWG1lHGieYFU2pHUSetU69a15AJkxqvNG4hmctLygeVZjEFCQrUMMSCOJqe4OCDQ', NULL, NULL, 'Go ahead', '# Research report: Go ahead

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

**Sources:**
1. [Emulated Handbook](https://vertexaisearch.cloud.google.com/grounding-api-redirect/1)
2. [Journal of Naïve Results](https://vertexaisearch.cloud.google.com/grounding-api-redirect/2)
3. [Café Statistics — Yearly Review](https://vertexaisearch.cloud.google.com/grounding-api-redirect/3)
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 353, "end": 412}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 414, "end": 481}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 483, "end": 559}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 665, "end": 718}]', '[{"code": "print(8)", "language": "python", "output": "8\n", "failed": false}]', '[]', '{"total_input_tokens": 143, "total_output_tokens": 264, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 471}', '[{"name": "2026-11-29-cargo-bicycles-in-europe-6ff205.md", "path": "/home/user/gemini/2026-11-29-cargo-bicycles-in-europe-6ff205.md", "mime_type": "text/markdown", "bytes": 1405, "sha256": "ce5aee91c96405cb6e21f61844f3d64ee1fc30c032f50b8e7bb274d82d6445af"}]', NULL, NULL, NULL, '2026-11-29T09:00:02.934730+00:00', '2026-11-29T09:00:03.070792+00:00', '2026-11-29T09:00:03.070776+00:00', '2026-11-29T09:00:03.076028+00:00', NULL, 'Cargo bicycles in Europe', NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('a0621d9e5226134c-52236020f0c34219b1dad87469cc270a', 'v1_AQEjxMjaReYqdiGVKbbODmkbYTFYfNXngOI18GFbRFMFEI_tweF6PloW4dEoH5br', 'ask', false, 'completed', 'gemini-3.8-flash', NULL, 'v1_9dHB3EgT_WsDYEarKI8JGPldWF__-T7tW9IIaa9mXYTNbOY_Jgp0z6NNKn4Evf9O', NULL, NULL, 'Say it in one sentence', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “Say it in one sentence”

Earlier turns: 3. The previous prompt was: “Go ahead”
', '[]', '[]', '[]', '{"total_input_tokens": 412, "total_output_tokens": 38, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 458}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:03.081783+00:00', '2026-11-29T09:00:03.115721+00:00', '2026-11-29T09:00:03.115713+00:00', '2026-11-29T09:00:03.119631+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('5322a7e7a69626e9-21200ee45e064a20a716f135ab641d2f', 'v1_nrE8X8AWWI4DT5li8bxY4wXKvGjzicHhvxMoOVArtCgbPRL6kc3jfRM6q_nuqjoJ', 'research', true, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'A plan that waits', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: A plan that waits

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '[]', '[]', '{"total_input_tokens": 5, "total_output_tokens": 55, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 68}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:03.128994+00:00', '2026-11-29T09:00:03.220614+00:00', '2026-11-29T09:00:03.220607+00:00', '2026-11-29T09:00:03.232179+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('7a6128ab9ce15004-ad5548fe74fb4508bfd93289e8b68830', 'v1_elNSaL73Y9SC7OyxKFJpktQodYwogC7M5sKKI3cM7J8BHCAgUKCF2aLzNRvCT3IH', 'research', false, 'completed', NULL, 'antigravity-preview-09-2026', NULL, 'e71d5b48-7c9f-4e2a-9df3-7d95d1044e82', NULL, 'Count the words', 'Emulated answer by antigravity-preview-09-2026 (no agent ran).

You asked: “Count the words”

Tools: code_execution.
', '[]', '[{"code": "print(15)", "language": "python", "output": "15\n", "failed": false}]', '[]', '{"total_input_tokens": 4, "total_output_tokens": 31, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 59}', '[{"name": "2026-11-29-count-words-b68830.md", "path": "/home/user/gemini/2026-11-29-count-words-b68830.md", "mime_type": "text/markdown", "bytes": 439, "sha256": "6e1f94cdcdbc9ef25a0c653aa54038a497277089dc30e1035f6f8e1884e7fde2"}]', NULL, NULL, NULL, '2026-11-29T09:00:03.246165+00:00', '2026-11-29T09:00:03.331250+00:00', '2026-11-29T09:00:03.331240+00:00', '2026-11-29T09:00:03.351459+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('1509acb0b4545981-abc01fd8a5504871b6d269a799635b0d', 'v1_SOu0e9Tz7LNQgEyle5gR8GzWw8rJvOhjFL0SkNW6167NIVmq2xEVBHgoFg80cxjK', 'research', false, 'cancelled', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research that is given up again', '', '[]', '[]', '[]', NULL, '[]', 'The interaction was cancelled; what it had cost by then is not refunded. It was cancelled through this server (cancel_research).', NULL, 'cancel_research', '2026-11-29T09:00:03.365134+00:00', '2026-11-29T09:00:03.415795+00:00', '2026-11-29T09:00:03.415787+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('587b162e2bd1c675-6c7843bfdedc4d8aaafd99610f2cc0dc', NULL, 'research', false, 'failed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research that is refused', '', '[]', NULL, NULL, NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again.', NULL, NULL, '2026-11-29T09:00:03.425797+00:00', '2026-11-29T09:00:03.446913+00:00', '2026-11-29T09:00:03.446904+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('9dcfc01b7b32a4a0-ead62e49489e4dccafec8b8c9dd10ff7', NULL, 'research', false, 'unknown', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research that is of unknown outcome', '', '[]', NULL, NULL, NULL, '[]', 'The connection to Google broke before an answer came. Google may have taken the request all the same, so it was not sent again. See list_interactions before asking a second time: a second request may be charged too.', NULL, NULL, '2026-11-29T09:00:03.455769+00:00', '2026-11-29T09:00:03.483798+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('015ecbcbd86d68ff-f15e17b0bbd944cb8dcc1ea851f2df19', 'v1_c6Ivw3jD1CUCOHdtIbKr3cbdYrb7mqMCrhCXXfvLb2wMKFOT6hfqbx8CHj2p34Pr', 'research', false, 'failed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research that fails', '', '[]', '[]', '[]', '{"total_input_tokens": 5, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 5}', '[]', 'The interaction failed at Google (internal: The emulator was told to fail).', NULL, NULL, '2026-11-29T09:00:03.494088+00:00', '2026-11-29T09:00:03.652407+00:00', '2026-11-29T09:00:03.652395+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('foreign-1dc8095ef6dc435584761c2015fc4175', 'v1_xA6aki6F2PgTn8d9u-6qiH2nWUZBxOwmqdS4cp0NTxJoG_3iTbsdcxq6DLSWapPR', 'research', false, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, '', '# Research report: Bicycles of others

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

**Sources:**
1. [Emulated Handbook](https://vertexaisearch.cloud.google.com/grounding-api-redirect/1)
2. [Journal of Naïve Results](https://vertexaisearch.cloud.google.com/grounding-api-redirect/2)
3. [Café Statistics — Yearly Review](https://vertexaisearch.cloud.google.com/grounding-api-redirect/3)
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 247, "end": 306}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 308, "end": 375}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 377, "end": 453}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 580, "end": 633}]', '[{"code": "print(18)", "language": "python", "output": "18\n", "failed": false}]', '[]', '{"total_input_tokens": 5, "total_output_tokens": 1357, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 1426}', '[{"name": "2026-11-29-bicycles-of-others-fc4175-1.png", "path": "/home/user/gemini/2026-11-29-bicycles-of-others-fc4175-1.png", "mime_type": "image/png", "bytes": 5896, "sha256": "cd937be44eafffa6ce703dd90cf9130191868787ad9e927473894c16d5061fbc", "place": 1, "width": 640, "height": 360}, {"name": "2026-11-29-bicycles-of-others-fc4175.md", "path": "/home/user/gemini/2026-11-29-bicycles-of-others-fc4175.md", "mime_type": "text/markdown", "bytes": 1365, "sha256": "79aef97ae72ca79678cc2aa69bd7da11e6450c6bc67cc5e97e7328be63ff313b"}]', NULL, NULL, NULL, '2026-11-29T09:00:03.617907+00:00', '2026-11-29T09:00:04.120946+00:00', '2026-11-29T09:00:04.120928+00:00', '2026-11-29T09:00:04.148651+00:00', '2026-11-29T09:00:03.918006+00:00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('foreign-31b92cf174764e58af837d792c99eb19', 'v1_N7DM9vq-ElG8p5jbUEFvZeovheWKMmcPaBfjsIK7y6dhlYC_oVlaTkMJ9tZYxT8P', 'image', false, 'completed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, 'A blue bicycle', '', '[]', '[]', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1132}', '[{"name": "2026-11-29-blue-bicycle-99eb19-1.jpg", "path": "/home/user/gemini/2026-11-29-blue-bicycle-99eb19-1.jpg", "mime_type": "image/jpeg", "bytes": 36567, "sha256": "17e166d45416aaabf6eb9f060a276135449c33600486b52e83fdd211510fd593", "place": 1, "width": 1024, "height": 1024}]', NULL, NULL, NULL, '2026-11-29T09:00:03.617907+00:00', '2026-11-29T09:00:03.791128+00:00', '2026-11-29T09:00:03.791119+00:00', '2026-11-29T09:00:03.814498+00:00', '2026-11-29T09:00:03.783104+00:00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('foreign-a37c43c1042547a6a4d5fe86881dde51', 'v1_b9xICyFe_A0CcOqI9hZqUXdIj3ksnNbukXIhSP5LcU4lmXGLXFQ98_-k_fImaDL9', 'ask', false, 'completed', 'gemini-3.5-flash', NULL, NULL, NULL, NULL, 'Who are you?', 'Emulated answer by gemini-3.5-flash (no model ran).

You asked: “Who are you?”

', '[]', '[]', '[]', '{"total_input_tokens": 3, "total_output_tokens": 21, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 32}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:03.617907+00:00', '2026-11-29T09:00:03.660953+00:00', '2026-11-29T09:00:03.660946+00:00', '2026-11-29T09:00:03.663824+00:00', '2026-11-29T09:00:03.658535+00:00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('fcd2dca5c1ed52a6-048b2f99755b4524af8a463bcdfe1c19', NULL, 'ask', false, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, '', '', '[]', NULL, NULL, '{"total_input_tokens": 4, "total_output_tokens": 22, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 34}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:04.152472+00:00', '2026-11-29T09:00:04.185768+00:00', '2026-11-29T09:00:04.185760+00:00', '2026-11-29T09:00:04.191186+00:00', NULL, NULL, '2026-11-29T09:00:04.204988+00:00', NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('615122c31c7c8026-c5a3c6679c3344f3bba2f93f9bb616bd', NULL, 'image', false, 'completed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, '', '', '[]', NULL, NULL, '{"total_input_tokens": 7, "total_output_tokens": 1146, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1161}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:04.210810+00:00', '2026-11-29T09:00:04.268264+00:00', '2026-11-29T09:00:04.268252+00:00', '2026-11-29T09:00:04.286874+00:00', NULL, NULL, '2026-11-29T09:00:04.303665+00:00', NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('ac40db020b2bd16d-d46da9a1c88c476a903091e374c52104', 'v1_BlhBHXmI2o-Ah8jDxT12c07nFBFvZPjYzGpRddS4GsBwJ2qOpy1W8FtGaKXipnOe', 'image', false, 'completed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, 'A picture without a place', 'Emulated answer by gemini-nano-banana-2.1 (no model ran).

You asked: “A picture without a place”

![image 1](media:1)', '[]', '[]', '[]', '{"total_input_tokens": 7, "total_output_tokens": 1146, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1161}', '[]', 'The files could not be saved: Cannot write to /home/user/gemini: a file or a link stands where a folder should be. Make it writable, or set GEMINI_MCP_OUTPUT_DIR to another directory. Then read_interaction saves them.', NULL, NULL, '2026-11-29T09:00:04.547137+00:00', '2026-11-29T09:00:09.132081+00:00', '2026-11-29T09:00:09.132064+00:00', '2026-11-29T09:00:09.195730+00:00', '2026-11-29T09:00:08.631823+00:00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('827fd5a49b17dcce-c707e9f0d1d946fc9ead8b05c5005904', 'v1_eFLXLbozQjUSKAX4yqECsJkIsPXfCKr7LlZYyrcXIO32S97m8CnA2pSFsXF_slUz', 'research', false, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'A report without a place', '# Research report: A report without a place

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

**Sources:**
1. [Emulated Handbook](https://vertexaisearch.cloud.google.com/grounding-api-redirect/1)
2. [Journal of Naïve Results](https://vertexaisearch.cloud.google.com/grounding-api-redirect/2)
3. [Café Statistics — Yearly Review](https://vertexaisearch.cloud.google.com/grounding-api-redirect/3)
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 253, "end": 312}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 314, "end": 381}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 383, "end": 459}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 565, "end": 618}]', '[{"code": "print(24)", "language": "python", "output": "24\n", "failed": false}]', '[]', '{"total_input_tokens": 6, "total_output_tokens": 239, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 309}', '[]', 'The files could not be saved: Cannot write to /home/user/gemini: a file or a link stands where a folder should be. Make it writable, or set GEMINI_MCP_OUTPUT_DIR to another directory. Then read_interaction saves them.', NULL, NULL, '2026-11-29T09:00:08.791784+00:00', '2026-11-29T09:00:09.228638+00:00', '2026-11-29T09:00:09.228628+00:00', '2026-11-29T09:00:09.234625+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('31982a3f054d1bdc-8ca7b2a3b3d64fd2b501104968eb206d', 'v1_6W-5EYyqjCVTH0WxyVoZfvyYFSSsDBaPm3mHcD8y3RBkHtHHFzKtJHiwG5TZUIOq', 'research', false, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research that takes for ever', '', '[]', NULL, NULL, NULL, '[]', 'Still in progress after 65 minutes, longer than Deep Research ever takes: it is probably stuck at Google. It is kept; check_research looks again. (interaction_id: v1_6W-5EYyqjCVTH0WxyVoZfvyYFSSsDBaPm3mHcD8y3RBkHtHHFzKtJHiwG5TZUIOq)', NULL, NULL, '2026-11-29T09:00:09.465461+00:00', '2026-11-29T09:00:10.025413+00:00', NULL, NULL, '2026-11-29T09:00:10.877657+00:00', NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/9bf400583e6d498da28bc8c9cb3ef3dc', '2026-11-29T09:01:10.846424+00:00', '2026-11-29T09:00:10.846766+00:00');
INSERT INTO public.interactions VALUES ('4c4064755b44cf12-5b10775d708a465fb39fe046e65ed05d', 'v1_olxNXwwk7CHvzjqwqk-yCXR5fEZRCilzH1gLr1mokxJ3yLpLW9sPlJYqKE6W3rDo', 'research', false, 'failed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research that is lost', '', '[]', NULL, NULL, NULL, '[]', 'Google keeps no interaction v1_olxNXwwk7CHvzjqwqk-yCXR5fEZRCilzH1gLr1mokxJ3yLpLW9sPlJYqKE6W3rDo: the id is wrong, of another project''s key, deleted, or past its keeping time (55 days, 1 day on the free tier).', NULL, NULL, '2026-11-29T09:00:10.054509+00:00', '2026-11-29T09:00:10.649519+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.interactions VALUES ('foreign-37d6457c7fc440e5bb700fc946f86e86', 'v1_GTPAhIVsyjiOaifeMBRGYA0c0qYlngHANIScqelcHXJZrz90H_zbetCJmrwfzANr', 'research', false, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, '', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:10.617907+00:00', '2026-11-29T09:00:11.372154+00:00', NULL, NULL, '2026-11-29T09:00:11.378767+00:00', NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/9bf400583e6d498da28bc8c9cb3ef3dc', '2026-11-29T09:01:11.373754+00:00', '2026-11-29T09:00:11.374063+00:00');
INSERT INTO public.interactions VALUES ('37957956d8c4e331-58d8fd7b13e54ea49f1e151b0e3aa70b', 'v1_hK8dsb7MviImdMQpMSbI-INPHqFsE7fh1BdFDvcr3bzXZIHUCHjpyc3qM7MxqTDr', 'research', true, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Ferries of Norway', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: Ferries of Norway

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '[]', '[]', '{"total_input_tokens": 5, "total_output_tokens": 55, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 68}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:10.844233+00:00', '2026-11-29T09:00:10.964019+00:00', '2026-11-29T09:00:10.964010+00:00', '2026-11-29T09:00:10.973459+00:00', NULL, NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/9bf400583e6d498da28bc8c9cb3ef3dc', '2026-11-29T09:01:10.844591+00:00', '2026-11-29T09:00:10.845047+00:00');
INSERT INTO public.interactions VALUES ('331e8e85113e2d79-e276d6f06bd240e5a6038a60d7031818', 'v1_hRrtIzlRYZlJ4YF8fqeMVkyS6bl_HuJYDERhy2MWedBVf7fanyL-gDpeWqLdT9d4', 'research', false, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Lighthouses of Brittany', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:11.004599+00:00', '2026-11-29T09:00:11.130752+00:00', NULL, NULL, NULL, NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/9bf400583e6d498da28bc8c9cb3ef3dc', '2026-11-29T09:01:11.004912+00:00', '2026-11-29T09:00:11.005081+00:00');
INSERT INTO public.interactions VALUES ('approval61b2dca4ef6f6e51-f8855494027548578ade6fcf0296a06d', 'v1_ZTQN6pNTSbi-fuE8YqYX0XUxeelENgkWGFITrzQkOFhpdH4UUrkFPCz7x-W5XPm7', 'research', false, 'in_progress', NULL, 'deep-research-preview-04-2026', 'v1_hK8dsb7MviImdMQpMSbI-INPHqFsE7fh1BdFDvcr3bzXZIHUCHjpyc3qM7MxqTDr', NULL, NULL, 'Go ahead with it', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:11.170140+00:00', '2026-11-29T09:00:11.205551+00:00', NULL, NULL, NULL, 'Ferries of Norway', NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/9bf400583e6d498da28bc8c9cb3ef3dc', '2026-11-29T09:01:11.170500+00:00', '2026-11-29T09:00:11.170673+00:00');
INSERT INTO public.interactions VALUES ('8311ec26f506ed54-c7cf32da439843e6ac85df2bf7cf85fc', 'v1_ap8qrJBLXrj2Gl-4uAXVukf4HhWY4fHmYNfFcBxFO0RWIAZbNQhPsaIIC9G4G1uO', 'ask', false, 'in_progress', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'A slow answer', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:11.213424+00:00', '2026-11-29T09:00:11.248268+00:00', NULL, NULL, '2026-11-29T09:00:11.259427+00:00', NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/9bf400583e6d498da28bc8c9cb3ef3dc', '2026-11-29T09:01:11.222223+00:00', '2026-11-29T09:00:11.222426+00:00');
INSERT INTO public.interactions VALUES ('45031b5115c41811-15af2ec6482649e9bb67a03b5a1cf18d', '45031b5115c41811-15af2ec6482649e9bb67a03b5a1cf18d', 'ask', false, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, '', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:11.384957+00:00', '2026-11-29T09:00:11.384957+00:00', NULL, NULL, NULL, NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/9bf400583e6d498da28bc8c9cb3ef3dc', '2026-11-29T09:01:11.391864+00:00', '2026-11-29T09:00:11.392082+00:00');
INSERT INTO public.interactions VALUES ('201488dfe465eaf4-76fcdb2cbca14ac5a09a7029dc74a5d1', NULL, 'ask', false, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'A request on its way', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:11.421689+00:00', '2026-11-29T09:00:11.421689+00:00', NULL, NULL, NULL, NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/9bf400583e6d498da28bc8c9cb3ef3dc', '2026-11-29T09:01:11.430524+00:00', '2026-11-29T09:00:11.430707+00:00');
INSERT INTO public.interactions VALUES ('9520545d8d3c7b02-515c22ec81dc4634b866e36f95880b7d', NULL, 'research', false, 'unknown', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research by itself', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:11.476876+00:00', '2026-11-29T09:00:11.476876+00:00', NULL, NULL, NULL, NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/9bf400583e6d498da28bc8c9cb3ef3dc', '2026-11-29T09:01:11.477053+00:00', '2026-11-29T09:00:11.477203+00:00');
INSERT INTO public.uploads VALUES ('17e5a3ca1509a4fda6e97258c9a05338d28881cf530bd1ad18ce74f44b4179dd', 1488, 'application/pdf', '300551babde1e4146d1d89798024b129a2912b08f866e665a675ee980d2853f2', 'files/fef6a9d02d214d3ea03a2b35e3d97661', 'https://generativelanguage.googleapis.com/v1/files/fef6a9d02d214d3ea03a2b35e3d97661', '2026-12-01T09:00:01.617907+00:00');
