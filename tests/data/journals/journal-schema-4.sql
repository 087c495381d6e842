CREATE TABLE interactions (
	label VARCHAR(512) NOT NULL, 
	interaction_id VARCHAR(512), 
	kind TEXT NOT NULL, 
	"plan" BOOLEAN NOT NULL, 
	status TEXT NOT NULL, 
	model TEXT, 
	agent TEXT, 
	previous_interaction_id TEXT, 
	environment_id TEXT, 
	tools JSON, 
	prompt TEXT NOT NULL, 
	text TEXT NOT NULL, 
	citations JSON NOT NULL, 
	code JSON, 
	failures JSON, 
	usage JSON, 
	files JSON NOT NULL, 
	error TEXT, 
	terms JSON, 
	stopped_by TEXT, 
	created_at VARCHAR(32) NOT NULL, 
	updated_at VARCHAR(32) NOT NULL, 
	finished_at VARCHAR(32), 
	delivered_at VARCHAR(32), 
	detached_at VARCHAR(32), 
	topic TEXT, 
	deleted_at VARCHAR(32), 
	owner VARCHAR(512), 
	owned_until VARCHAR(32), 
	leased_at VARCHAR(32), 
	PRIMARY KEY (label)
);
CREATE UNIQUE INDEX ix_interactions_interaction_id ON interactions (interaction_id);
CREATE INDEX interactions_by_time ON interactions (created_at, label);
CREATE TABLE uploads (
	account VARCHAR(64) NOT NULL, 
	size BIGINT NOT NULL, 
	mime_type VARCHAR(128) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	name VARCHAR(512) NOT NULL, 
	uri TEXT NOT NULL, 
	expires_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (account, size, mime_type, digest)
);
INSERT INTO interactions VALUES ('2627b6196cebc3e7-6313aabf3b584ac7a66f84d9dbc89836', 'v1_AUN-Gywdef00Sb4rZLVHvbzMBBYQNesZ1QNRnqb5JSsAymzvUMtjCNMKLNAs1hqR', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'What drives the tides?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “What drives the tides?”

', '[]', '[]', '[]', '{"total_input_tokens": 6, "total_output_tokens": 24, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 38}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:00.000000+00:00', '2026-11-29T09:00:00.054473+00:00', '2026-11-29T09:00:00.054462+00:00', '2026-11-29T09:00:00.059319+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('e3cae80d73098c14-9096832f57b243cdad49688f323ddaff', 'v1_CUpMzMSctPOJiCyO4kwBQZx4_w8x_tt33FLeDs7n5tRuSEuYec9yFMctQY-gbLTY', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, 'v1_AUN-Gywdef00Sb4rZLVHvbzMBBYQNesZ1QNRnqb5JSsAymzvUMtjCNMKLNAs1hqR', NULL, NULL, 'And the neap tides?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “And the neap tides?”

Earlier turns: 1. The previous prompt was: “What drives the tides?”
', '[]', '[]', '[]', '{"total_input_tokens": 34, "total_output_tokens": 41, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 83}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:00.073509+00:00', '2026-11-29T09:00:00.105943+00:00', '2026-11-29T09:00:00.105929+00:00', '2026-11-29T09:00:00.109366+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('18020da913f097a5-dfc94c537c444930a34d774f3267b7cd', 'v1_-e_TMulNXRNEJec9ZU88keSA49kzm6ntWXaW6LBA5vkKeJeMRjoatq7STIxn7Cx6', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'Wer malte die Ölfässer? 日本語 🛢️', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “Wer malte die Ölfässer? 日本語 🛢️”

Tools: google_search.

Emulated finding 1 — a naïve sentence of 100 % multi-byte “quotes”.
', '[{"url": "https://example.com/emulated/search", "title": "example.com (emulated)", "resolved": "", "start": 138, "end": 212}]', '[]', '[]', '{"total_input_tokens": 11, "total_output_tokens": 54, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 89}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:00.111642+00:00', '2026-11-29T09:00:00.158902+00:00', '2026-11-29T09:00:00.158886+00:00', '2026-11-29T09:00:00.163294+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('16789fc294b4b86b-2b530f10b8214e478def167128e6a05a', 'v1_DaR89wYscPw6X08SyHECU9wfEJeE3Rz6YtdJwhPIPINQNOghsxfZX0EJ0n2yhv3c', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'Name a tide as JSON', '{"tide": "Emulated: Name a tide as JSON"}', '[]', '[]', '[]', '{"total_input_tokens": 5, "total_output_tokens": 11, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 24}', '[]', NULL, '{"response_schema": {"type": "object", "properties": {"tide": {"type": "string"}}, "required": ["tide"]}}', NULL, '2026-11-29T09:00:00.165243+00:00', '2026-11-29T09:00:00.205988+00:00', '2026-11-29T09:00:00.205979+00:00', '2026-11-29T09:00:00.259257+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('f05ebef208d3b1b1-eb0c611ac6ac4840b292d5c45645dd1e', 'v1_Ts2J8tLqLq1Q-EtsuR_Kmqv-Wx9Ya5g3_LXxi_07hj7mDT9AaYbYpp6MAq3DZFID', 'ask', 0, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer that ends as failed', '', '[]', '[]', '[]', '{"total_input_tokens": 8, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 8}', '[]', 'The interaction failed at Google (internal: The emulator was told to fail).', '{"max_output_tokens": 50}', NULL, '2026-11-29T09:00:00.263454+00:00', '2026-11-29T09:00:00.306699+00:00', '2026-11-29T09:00:00.306684+00:00', '2026-11-29T09:00:00.309438+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('b5c9713621194ab7-db72e39ebc3f4173a1451693b9fcf431', 'v1_U585ps79IQhsAmZT-Gs213KsDRizXBrzAsmR7YKCaO51VjPfEHN82bQ8_x6CXJ_A', 'ask', 0, 'incomplete', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer that ends as incomplete', 'Emulated answer by gemini-3.8-flash (no model ran)', '[]', '[]', '[]', '{"total_input_tokens": 9, "total_output_tokens": 13, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 30}', '[]', 'The answer is incomplete: it reached max_output_tokens (50), of which thinking took 8 and the answer 13 tokens. Ask again with a higher max_output_tokens or a lower thinking_level, or for less at once; gemini_continue can ask for the rest.', '{"max_output_tokens": 50}', NULL, '2026-11-29T09:00:00.311687+00:00', '2026-11-29T09:00:00.352109+00:00', '2026-11-29T09:00:00.352097+00:00', '2026-11-29T09:00:00.357909+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('dbf87db218969421-16a21afd693147f3aa0dd6ad614c1b1d', 'v1_GXPndm68eqZi23Nn3smI96QecsT8rIY9n1DOiePO2eIkWFd8uwkahzx1M2dwgY5a', 'ask', 0, 'budget_exceeded', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer that ends as budget_exceeded', 'Emulated answer by gemini-3.8-flash (no model ran).

', '[]', '[]', '[]', '{"total_input_tokens": 10, "total_output_tokens": 14, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 32}', '[]', 'The answer is incomplete: it reached max_output_tokens (50), of which thinking took 8 and the answer 14 tokens. Ask again with a higher max_output_tokens or a lower thinking_level, or for less at once; gemini_continue can ask for the rest.', '{"max_output_tokens": 50}', NULL, '2026-11-29T09:00:00.360160+00:00', '2026-11-29T09:00:00.405226+00:00', '2026-11-29T09:00:00.405215+00:00', '2026-11-29T09:00:00.408689+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('408af65f12391fb4-3735cb63428e43eba903c4c8d58fb13e', 'v1_VNnex16gQMFgHCofRfbpFA2BWTwz_d9tlXgzOJHMdUUjhf1tLF6bO3x9wIyt69te', 'ask', 0, 'requires_action', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer that ends as requires_action', '', '[]', '[]', '[]', '{"total_input_tokens": 10, "total_output_tokens": 0, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 34}', '[]', 'Gemini stopped to call a function, which this server does not offer.', '{"max_output_tokens": 50}', NULL, '2026-11-29T09:00:00.410588+00:00', '2026-11-29T09:00:00.449477+00:00', '2026-11-29T09:00:00.449466+00:00', '2026-11-29T09:00:00.452828+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('804e2f2f7ccb70de-2c71574f09834970beece679ca32ce16', 'v1_hWiTabFpk_k6f8fiGbhwk6vWDe-5B-2TpuwV1gKltIWRH3S3Rt--qYe0aKMEkURU', 'ask', 0, 'requires_continuation', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer that ends as requires_continuation', 'Emulated answer by gemini-3.8-flash (no model ran).

You', '[]', '[]', '[]', '{"total_input_tokens": 11, "total_output_tokens": 14, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 33}', '[]', 'The answer is incomplete: it reached the limit of one request; gemini_continue can ask for the rest.', '{"max_output_tokens": 50}', NULL, '2026-11-29T09:00:00.455071+00:00', '2026-11-29T09:00:00.494820+00:00', '2026-11-29T09:00:00.494805+00:00', '2026-11-29T09:00:00.498093+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('2e227ab0eda02e62-3a9571e0c5ad4497beb95efb01ee27df', 'v1_IGf-DVnpeJaERgUd9_0c1FcA6sUOpO7Vg6iAtKbOc4Un1DKwPZ_ZiEsTAqRtxbVg', 'ask', 0, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer that is blocked', '', '[]', '[]', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction failed at Google (safety, blocked by Google''s filter for unsafe content: The response was blocked because of the safety settings). Rephrase the prompt or change the files.', NULL, NULL, '2026-11-29T09:00:00.499950+00:00', '2026-11-29T09:00:00.535313+00:00', '2026-11-29T09:00:00.535302+00:00', '2026-11-29T09:00:00.538022+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('97b72dc2662cb7e8-0234e11f3ed94120881f2528ee454159', 'v1_xiOGjOGusVDM1jQo4XTSTyquyRMLHPXgvIoCtpDPCsyhmow56gN4HRqKs-oP17OF', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'An answer of a thought only', '', '[]', '[]', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 15}', '[]', 'Gemini completed the interaction without an answer; steps seen: user_input, thought. Google gives no reason; read_interaction looks at it again.', NULL, NULL, '2026-11-29T09:00:00.540382+00:00', '2026-11-29T09:00:00.575067+00:00', '2026-11-29T09:00:00.575057+00:00', '2026-11-29T09:00:00.578053+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('bcd52388d7de07e4-5dcb8140104348ee9ce0033296a1ef1a', NULL, 'ask', 0, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'A request that is refused', '', '[]', NULL, NULL, NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again.', NULL, NULL, '2026-11-29T09:00:00.580342+00:00', '2026-11-29T09:00:00.604910+00:00', '2026-11-29T09:00:00.604903+00:00', '2026-11-29T09:00:00.612734+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('9ed408e832ad2d5c-4b8b6fc623834747a6f8b9f8a85f4dfb', NULL, 'ask', 0, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'A request of unknown outcome', '', '[]', NULL, NULL, NULL, '[]', 'The connection to Google broke before an answer came. Google may have taken the request all the same, so it was not sent again. See list_interactions before asking a second time: a second request may be charged too.', NULL, NULL, '2026-11-29T09:00:00.615253+00:00', '2026-11-29T09:00:00.635755+00:00', NULL, '2026-11-29T09:00:00.642360+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('50708a80969bb670-16008591ecb446a1be436836a22ece55', '50708a80969bb670-16008591ecb446a1be436836a22ece55', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, '', '', '[]', NULL, NULL, '{"total_input_tokens": 5, "total_output_tokens": 23, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 36}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:00.644546+00:00', '2026-11-29T09:00:00.674081+00:00', '2026-11-29T09:00:00.674073+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('5967f2d11efeb05f-45d85f25413c45faa60abd2cd8a3df97', '5967f2d11efeb05f-45d85f25413c45faa60abd2cd8a3df97', 'ask', 0, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, '', '', '[]', NULL, NULL, NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again. (interaction_id: 5967f2d11efeb05f-45d85f25413c45faa60abd2cd8a3df97)', NULL, NULL, '2026-11-29T09:00:00.680536+00:00', '2026-11-29T09:00:00.701453+00:00', '2026-11-29T09:00:00.701439+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('9b8f61b980f961f8-575882f1cb4447658ed51d6840d0756d', '9b8f61b980f961f8-575882f1cb4447658ed51d6840d0756d', 'ask', 0, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, '', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:00.708869+00:00', '2026-11-29T09:00:00.708869+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('834cf823b762795e-949bb1f878c74b7b945121d3bec12e2c', 'v1_X24Vk2Es4jBntErd5jNMyyI1vDVFF0xJ8d-OW2MYClDw-IZZy7B3MCFy6ADmIFLV', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'A question that is given up', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “A question that is given up”

', '[]', '[]', '[]', '{"total_input_tokens": 7, "total_output_tokens": 25, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 40}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:01.268572+00:00', '2026-11-29T09:00:08.413290+00:00', '2026-11-29T09:00:08.413283+00:00', NULL, '2026-11-29T09:00:01.330305+00:00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('9e0164030fd176d9-6b47564368044ec49c9c808efd885a54', 'v1_dyj-JOZ2oxwv1Gj9JAy7CoYfaYz6RmW1r9ZBrZj3eKDvTecxPU6monH2NwxT355N', 'analyze', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'What is in these?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “File note.txt:

The moon is 384,400 km away.
File dot.png:
What is in these?”

File 1, image: image/png, 69 bytes, 1 x 1 pixels, inline
', '[]', '[]', '[]', '{"total_input_tokens": 277, "total_output_tokens": 52, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 337}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:01.888236+00:00', '2026-11-29T09:00:01.945469+00:00', '2026-11-29T09:00:01.945456+00:00', '2026-11-29T09:00:01.949195+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('3332403d8774e255-ff0402b4b3164a2d9f4bc48ffff23acc', 'v1_0qcNSzgG5rf6s3JIr0jm871B7R0J_xPQVkAQ20AMRAbmqoVLNrnQyMkMsw034hR3', 'analyze', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'What does the paper say?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “What does the paper say?”

File 1, document: application/pdf, 1488 bytes, files/e144aacf57f148b7b6555a458104c25a
', '[]', '[]', '[]', '{"total_input_tokens": 264, "total_output_tokens": 46, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 318}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:02.072603+00:00', '2026-11-29T09:00:02.184695+00:00', '2026-11-29T09:00:02.184684+00:00', '2026-11-29T09:00:02.188173+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('22bca620ab435741-3abecc9bcdb849e48a69a655cdf055ce', 'v1_NuV-qLWENDCe0Oh_I_FHv8rcd3Cyq7-2kPfIwAXc7YKKOpL25LT2s3spas3MJRf4', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'A zero: �, and what follows it', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “A zero: �, and what follows it”

', '[]', '[]', '[]', '{"total_input_tokens": 8, "total_output_tokens": 26, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 42}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:02.190110+00:00', '2026-11-29T09:00:02.222829+00:00', '2026-11-29T09:00:02.222820+00:00', '2026-11-29T09:00:02.225922+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('b1dcc3d6e47242c2-f3fa7094c74d4ee4bf28ddf56d77ca40', 'v1_7CJ8HvIRm0j3ZjJa0xbQ35cNrfUWC9xrXCplIA9HPQkGiH0PMUYPTz18nu6B-mu6', 'image', 0, 'completed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, 'A red bicycle', 'Emulated answer by gemini-nano-banana-2.1 (no model ran).

You asked: “A red bicycle”

![image 1](media:1)', '[]', '[]', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1143, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1155}', '[{"name": "2026-11-29-red-bicycle-77ca40-1.jpg", "path": "/home/user/gemini/2026-11-29-red-bicycle-77ca40-1.jpg", "mime_type": "image/jpeg", "bytes": 36197, "sha256": "3a455059a46e586028de60d989ea7c4b8576383ff4849eac0fe700c8966d5116", "place": 1, "width": 1024, "height": 1024}]', NULL, NULL, NULL, '2026-11-29T09:00:02.230165+00:00', '2026-11-29T09:00:02.306765+00:00', '2026-11-29T09:00:02.306752+00:00', '2026-11-29T09:00:02.327735+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('2f9eee97d34d8d62-f10fc229111c46fa87c3e11ba7b8f200', 'v1_QzlM7JunXEviWFvAT1Pff5NQ6WnmwsbGJjOjMoepwbEnm1nFyCYwz3-EAvxQ6kAu', 'image', 0, 'completed', 'gemini-nano-banana-2.1', NULL, 'v1_7CJ8HvIRm0j3ZjJa0xbQ35cNrfUWC9xrXCplIA9HPQkGiH0PMUYPTz18nu6B-mu6', NULL, NULL, 'Make it green', 'Emulated answer by gemini-nano-banana-2.1 (no model ran).

You asked: “Make it green”

Earlier turns: 1. The previous prompt was: “A red bicycle”
![image 1](media:1)', '[]', '[]', '[]', '{"total_input_tokens": 30, "total_output_tokens": 1159, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1197}', '[{"name": "2026-11-29-red-bicycle-b8f200-1.jpg", "path": "/home/user/gemini/2026-11-29-red-bicycle-b8f200-1.jpg", "mime_type": "image/jpeg", "bytes": 36235, "sha256": "8e7c2e8cc0c41c9908e0668451c5c6726253ce56005f85b994b6175fda3e3e4e", "place": 1, "width": 1024, "height": 1024}]', NULL, NULL, NULL, '2026-11-29T09:00:02.338858+00:00', '2026-11-29T09:00:02.420743+00:00', '2026-11-29T09:00:02.420731+00:00', '2026-11-29T09:00:02.438117+00:00', NULL, 'A red bicycle', NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('7b617aa6b497c277-7d54adf49b6242ed841d1c769951d20a', 'v1_lDYur_lAe8v36qEuEn9gNNS3I4UWGh9NZ6BmUudGXJmpRlFWHCa_Y07XA8ZJUsqI', 'image', 0, 'completed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, 'A quay at night', 'Emulated answer by gemini-nano-banana-2.1 (no model ran).

You asked: “A quay at night”

![image 1](media:1)', '[]', '[]', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1144, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1156}', '[{"name": "quay.jpg", "path": "/home/user/gemini/quay.jpg", "mime_type": "image/jpeg", "bytes": 36777, "sha256": "6b550121946869b396d1e2f181ff2c68c036375d40f7b0aeb6ea71d8383a6cdc", "place": 1, "width": 1024, "height": 1024}]', NULL, NULL, NULL, '2026-11-29T09:00:02.446907+00:00', '2026-11-29T09:00:02.499945+00:00', '2026-11-29T09:00:02.499934+00:00', '2026-11-29T09:00:02.517175+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('0b6d2b6a04b06f40-2d13c21195154484a0533b18998aaff8', 'v1_Oh3S4rX7C7Uhih_g7R4fpCG1E-z6K3eqem5ZFDyYiMntBh29DSb00OsEaIWb99Yg', 'image', 0, 'completed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, 'Two gulls [[images=2]]', 'Emulated answer by gemini-nano-banana-2.1 (no model ran).

You asked: “Two gulls [[images=2]]”

![image 1](media:1)

![image 2](media:2)', '[]', '[]', '[]', '{"total_input_tokens": 6, "total_output_tokens": 2265, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 2279}', '[{"name": "2026-11-29-two-gulls-images-2-8aaff8-1.jpg", "path": "/home/user/gemini/2026-11-29-two-gulls-images-2-8aaff8-1.jpg", "mime_type": "image/jpeg", "bytes": 38315, "sha256": "502ea7a97fe3e36d6d901f591bf5454c53623883690c08ab6a1a287550992592", "place": 1, "width": 1024, "height": 1024}, {"name": "2026-11-29-two-gulls-images-2-8aaff8-2.jpg", "path": "/home/user/gemini/2026-11-29-two-gulls-images-2-8aaff8-2.jpg", "mime_type": "image/jpeg", "bytes": 38315, "sha256": "502ea7a97fe3e36d6d901f591bf5454c53623883690c08ab6a1a287550992592", "place": 2, "width": 1024, "height": 1024}]', NULL, NULL, NULL, '2026-11-29T09:00:02.521408+00:00', '2026-11-29T09:00:02.572329+00:00', '2026-11-29T09:00:02.572317+00:00', '2026-11-29T09:00:02.616574+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('31827d5c2894942d-df80cbf6bddf40e0ab024b872ed9677e', 'v1_H-ETsPg-YGWQV2XY31B-dY6gpdU3CCyPGddfKF4FQ9IMxrZxW6nyD-b99AFQwXQ1', 'image', 0, 'failed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, 'A picture that is blocked', '', '[]', '[]', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction failed at Google (safety, blocked by Google''s filter for unsafe content: The response was blocked because of the safety settings). Rephrase the prompt or change the files.', NULL, NULL, '2026-11-29T09:00:02.622154+00:00', '2026-11-29T09:00:02.672748+00:00', '2026-11-29T09:00:02.672738+00:00', '2026-11-29T09:00:02.675807+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('583407e579fe36a6-e6f9adf1fd48424f9eabfdfb69858b23', 'v1_tkth1n2hlvhmEAIY9orT-NkltmyXigtM2af-8eT-OT59h2d2olW_w7mqiDkIuh66', 'research', 0, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'The history of bicycles', '# Research report: The history of bicycles

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
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 252, "end": 311}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 313, "end": 380}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 382, "end": 458}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 585, "end": 638}]', '[{"code": "print(23)", "language": "python", "output": "23\n", "failed": false}]', '[]', '{"total_input_tokens": 6, "total_output_tokens": 1358, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 1428}', '[{"name": "2026-11-29-history-of-bicycles-858b23-1.png", "path": "/home/user/gemini/2026-11-29-history-of-bicycles-858b23-1.png", "mime_type": "image/png", "bytes": 5901, "sha256": "9b1e414f6429f55919d0aa07a684c94934cebeb54dc2f70d38d9950705eeb5c4", "place": 1, "width": 640, "height": 360}, {"name": "2026-11-29-history-of-bicycles-858b23.md", "path": "/home/user/gemini/2026-11-29-history-of-bicycles-858b23.md", "mime_type": "text/markdown", "bytes": 1361, "sha256": "d447dc774ee799bca73b4772900ace8ae9920fe976bcf0970935d647ed6a4f05"}]', NULL, NULL, NULL, '2026-11-29T09:00:02.691652+00:00', '2026-11-29T09:00:02.814245+00:00', '2026-11-29T09:00:02.814234+00:00', '2026-11-29T09:00:02.823003+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('3efabb9365f69d92-f00c88cdde2c4a5da8044292d4b08028', 'v1_HknU3ODqZ2TDbOwdP5oV101jC7pEqbjgOUdRxbOhaw7oHChF52Fcbjl21dBngWSj', 'research', 1, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Cargo bicycles in Europe', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: Cargo bicycles in Europe

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '[]', '[]', '{"total_input_tokens": 6, "total_output_tokens": 57, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 71}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:02.831531+00:00', '2026-11-29T09:00:02.923045+00:00', '2026-11-29T09:00:02.923031+00:00', '2026-11-29T09:00:02.929710+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('abeb777cfc32d145-fa6d9dee9ff2457894028ad0f0107ff1', 'v1_Jzfd-ftQOf2ekAmcYRdbTbednQOifV9oYJdZt6eHZtK-QIwqqC0WG6rV4_PonvSt', 'research', 1, 'completed', NULL, 'deep-research-preview-04-2026', 'v1_HknU3ODqZ2TDbOwdP5oV101jC7pEqbjgOUdRxbOhaw7oHChF52Fcbjl21dBngWSj', NULL, NULL, 'Only in Denmark', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Refined research plan

Topic: Only in Denmark

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

Earlier turns: 1. The previous prompt was: “Cargo bicycles in Europe”

', '[]', '[]', '[]', '{"total_input_tokens": 66, "total_output_tokens": 75, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 149}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:02.943800+00:00', '2026-11-29T09:00:03.036577+00:00', '2026-11-29T09:00:03.036569+00:00', '2026-11-29T09:00:03.041732+00:00', NULL, 'Cargo bicycles in Europe', NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('approvalc48b74ebc65112ee-abfbbbf758d64b2c81188cc8eaa0ab0e', 'v1_goysSCgOERnprOV-r1KJ579UZcl1ZSomwrM05cRFlHvGZuvJdL0gs9rDhJ46VxgB', 'research', 0, 'completed', NULL, 'deep-research-preview-04-2026', 'v1_Jzfd-ftQOf2ekAmcYRdbTbednQOifV9oYJdZt6eHZtK-QIwqqC0WG6rV4_PonvSt', NULL, NULL, 'Go ahead', '# Research report: Go ahead

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
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 353, "end": 412}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 414, "end": 481}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 483, "end": 559}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 665, "end": 718}]', '[{"code": "print(8)", "language": "python", "output": "8\n", "failed": false}]', '[]', '{"total_input_tokens": 143, "total_output_tokens": 264, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 471}', '[{"name": "2026-11-29-cargo-bicycles-in-europe-a0ab0e.md", "path": "/home/user/gemini/2026-11-29-cargo-bicycles-in-europe-a0ab0e.md", "mime_type": "text/markdown", "bytes": 1405, "sha256": "dc185445dc57aea634f468e49b1b8c7498c239c1c76e95bd9103c4d2051c4b32"}]', NULL, NULL, NULL, '2026-11-29T09:00:03.053347+00:00', '2026-11-29T09:00:03.163430+00:00', '2026-11-29T09:00:03.163416+00:00', '2026-11-29T09:00:03.168108+00:00', NULL, 'Cargo bicycles in Europe', NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('70f358fb152856a3-2f901292bc5e4b3d952717df9ed53e96', 'v1_R1cY9KN2RSBISMAHubFBEIVGfJ4zzz_ieNyiDxQ4UkMEDwY7Y_Jp88qLwvQv6rA2', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, 'v1_goysSCgOERnprOV-r1KJ579UZcl1ZSomwrM05cRFlHvGZuvJdL0gs9rDhJ46VxgB', NULL, NULL, 'Say it in one sentence', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “Say it in one sentence”

Earlier turns: 3. The previous prompt was: “Go ahead”
', '[]', '[]', '[]', '{"total_input_tokens": 412, "total_output_tokens": 38, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 458}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:03.172646+00:00', '2026-11-29T09:00:03.200256+00:00', '2026-11-29T09:00:03.200248+00:00', '2026-11-29T09:00:03.203076+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('5322a7e7a69626e9-6360c3ce1f2f4f808023ede292d3aed5', 'v1_yoMV6P8a4wSRX_LH_MegHhT9u-jQbgzLrfs1qM6ylevaIgZj5Sn9jzjMwjCHYCdj', 'research', 1, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'A plan that waits', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: A plan that waits

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '[]', '[]', '{"total_input_tokens": 5, "total_output_tokens": 55, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 68}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:03.211220+00:00', '2026-11-29T09:00:03.295292+00:00', '2026-11-29T09:00:03.295284+00:00', '2026-11-29T09:00:03.301472+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('7a6128ab9ce15004-767842ae74ef4d5cb25e157510591368', 'v1_h1lhFK4dRcW5Pc_mNxQJ7-1ZGUNzOc-TNHFTQOLfwsXvIOl_204dH7lz-Qv-yrxA', 'research', 0, 'completed', NULL, 'antigravity-preview-09-2026', NULL, '1335fa74-690e-4cd0-969d-bd60cd062297', NULL, 'Count the words', 'Emulated answer by antigravity-preview-09-2026 (no agent ran).

You asked: “Count the words”

Tools: code_execution.
', '[]', '[{"code": "print(15)", "language": "python", "output": "15\n", "failed": false}]', '[]', '{"total_input_tokens": 4, "total_output_tokens": 31, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 59}', '[{"name": "2026-11-29-count-words-591368.md", "path": "/home/user/gemini/2026-11-29-count-words-591368.md", "mime_type": "text/markdown", "bytes": 439, "sha256": "5baaee5620d6fbaf08b958ba2bb340c58253c13848e7e61af04f00beb3cc82d1"}]', NULL, NULL, NULL, '2026-11-29T09:00:03.309905+00:00', '2026-11-29T09:00:03.362613+00:00', '2026-11-29T09:00:03.362603+00:00', '2026-11-29T09:00:03.377708+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('1509acb0b4545981-fd5997e1b69e4486a28c346bc78c0952', 'v1_OBnwddRdnDDIQ-ncksDDbfebNkEWoGcnGfHWxuUIdXVHqUgsgXosTsVtmLhPWu1U', 'research', 0, 'cancelled', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research that is given up again', '', '[]', '[]', '[]', NULL, '[]', 'The interaction was cancelled; what it had cost by then is not refunded. It was cancelled through this server (cancel_research).', NULL, 'cancel_research', '2026-11-29T09:00:03.387401+00:00', '2026-11-29T09:00:03.435312+00:00', '2026-11-29T09:00:03.435302+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('587b162e2bd1c675-df8594b235b44d2d9180321bd3e50097', NULL, 'research', 0, 'failed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research that is refused', '', '[]', NULL, NULL, NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again.', NULL, NULL, '2026-11-29T09:00:03.443450+00:00', '2026-11-29T09:00:03.460547+00:00', '2026-11-29T09:00:03.460534+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('9dcfc01b7b32a4a0-9153c50fb2664e57adbe5d847a4b5e65', NULL, 'research', 0, 'unknown', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research that is of unknown outcome', '', '[]', NULL, NULL, NULL, '[]', 'The connection to Google broke before an answer came. Google may have taken the request all the same, so it was not sent again. See list_interactions before asking a second time: a second request may be charged too.', NULL, NULL, '2026-11-29T09:00:03.468476+00:00', '2026-11-29T09:00:03.493936+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('015ecbcbd86d68ff-2f16b4add3204be39be583d09a8ba6ec', 'v1_XlvTJ7i_XirwS5-5nGKKwzD9AbnLOH3i8ZO9cssRToR8OqFubgG8p6Q8AIwR4yhG', 'research', 0, 'failed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research that fails', '', '[]', '[]', '[]', '{"total_input_tokens": 5, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 5}', '[]', 'The interaction failed at Google (internal: The emulator was told to fail).', NULL, NULL, '2026-11-29T09:00:03.505692+00:00', '2026-11-29T09:00:03.648546+00:00', '2026-11-29T09:00:03.648536+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('foreign-0eaba0a0d3c84fe69ffdcec8f3f5e06c', 'v1_pnw0_GOR9VJ9203A8FpH317I6Aw89ZmPcBhDr3jH2PcQz1X8wcopXabj7pKCgLJM', 'research', 0, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, '', '# Research report: Bicycles of others

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
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 247, "end": 306}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 308, "end": 375}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 377, "end": 453}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 580, "end": 633}]', '[{"code": "print(18)", "language": "python", "output": "18\n", "failed": false}]', '[]', '{"total_input_tokens": 5, "total_output_tokens": 1357, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 1426}', '[{"name": "2026-11-29-bicycles-of-others-f5e06c-1.png", "path": "/home/user/gemini/2026-11-29-bicycles-of-others-f5e06c-1.png", "mime_type": "image/png", "bytes": 5896, "sha256": "0db454f4d1d7755a4a12e9121e260c3fe42f5e1a57436488e440bd9a0d2418b5", "place": 1, "width": 640, "height": 360}, {"name": "2026-11-29-bicycles-of-others-f5e06c.md", "path": "/home/user/gemini/2026-11-29-bicycles-of-others-f5e06c.md", "mime_type": "text/markdown", "bytes": 1365, "sha256": "eb812e2fdecb7959e01a9965ab836630271b411a9a0b2cad077e8caf85cc6fd4"}]', NULL, NULL, NULL, '2026-11-29T09:00:03.580640+00:00', '2026-11-29T09:00:04.026095+00:00', '2026-11-29T09:00:04.026079+00:00', '2026-11-29T09:00:04.035200+00:00', '2026-11-29T09:00:03.913550+00:00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('foreign-1d4caf66f17b4edea919275650f8295e', 'v1_Fjp5B8d-amFUMjgiXEcBX9W6uZmdQp2x1WZUKhRolGwB52nwXjQ24l-2JMgE6yAC', 'ask', 0, 'completed', 'gemini-3.5-flash', NULL, NULL, NULL, NULL, 'Who are you?', 'Emulated answer by gemini-3.5-flash (no model ran).

You asked: “Who are you?”

', '[]', '[]', '[]', '{"total_input_tokens": 3, "total_output_tokens": 21, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 32}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:03.580640+00:00', '2026-11-29T09:00:03.657816+00:00', '2026-11-29T09:00:03.657807+00:00', '2026-11-29T09:00:03.661404+00:00', '2026-11-29T09:00:03.655157+00:00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('foreign-d6fce8bb3fb94a2294d75766b010981b', 'v1_PDUZHkdjry8n8MDEO8RxLer1qrfYRDhsxrivPWI1zTkPkrtB_Ok__OV8-ymNGezP', 'image', 0, 'completed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, 'A blue bicycle', '', '[]', '[]', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1132}', '[{"name": "2026-11-29-blue-bicycle-10981b-1.jpg", "path": "/home/user/gemini/2026-11-29-blue-bicycle-10981b-1.jpg", "mime_type": "image/jpeg", "bytes": 36567, "sha256": "1fb325483745c18351c15af82e67b85afa6a7baae8bad9931df58f9b78033ec6", "place": 1, "width": 1024, "height": 1024}]', NULL, NULL, NULL, '2026-11-29T09:00:03.580640+00:00', '2026-11-29T09:00:03.787880+00:00', '2026-11-29T09:00:03.787869+00:00', '2026-11-29T09:00:03.806624+00:00', '2026-11-29T09:00:03.777508+00:00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('fcd2dca5c1ed52a6-e4fabab3ac6c46969f844f657114ce2f', NULL, 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, '', '', '[]', NULL, NULL, '{"total_input_tokens": 4, "total_output_tokens": 22, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 34}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:04.038031+00:00', '2026-11-29T09:00:04.069572+00:00', '2026-11-29T09:00:04.069563+00:00', '2026-11-29T09:00:04.072433+00:00', NULL, NULL, '2026-11-29T09:00:04.083278+00:00', NULL, NULL, NULL);
INSERT INTO interactions VALUES ('615122c31c7c8026-ed03cc6588d2407e9221cfacb4a0ebe4', NULL, 'image', 0, 'completed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, '', '', '[]', NULL, NULL, '{"total_input_tokens": 7, "total_output_tokens": 1146, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1161}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:04.092682+00:00', '2026-11-29T09:00:04.135100+00:00', '2026-11-29T09:00:04.135090+00:00', '2026-11-29T09:00:04.151062+00:00', NULL, NULL, '2026-11-29T09:00:04.161961+00:00', NULL, NULL, NULL);
INSERT INTO interactions VALUES ('ac40db020b2bd16d-1ebe04e2345a4de5888335e7be3d908a', 'v1_VujljAFCCEV2QZ_D7EfQJVNqzSn4STFMn4Ud42M4fjwjERBaZLSb3J4nZkkCY-Py', 'image', 0, 'completed', 'gemini-nano-banana-2.1', NULL, NULL, NULL, NULL, 'A picture without a place', 'Emulated answer by gemini-nano-banana-2.1 (no model ran).

You asked: “A picture without a place”

![image 1](media:1)', '[]', '[]', '[]', '{"total_input_tokens": 7, "total_output_tokens": 1146, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1161}', '[]', 'The files could not be saved: Cannot write to /home/user/gemini: a file or a link stands where a folder should be. Make it writable, or set GEMINI_MCP_OUTPUT_DIR to another directory. Then read_interaction saves them.', NULL, NULL, '2026-11-29T09:00:04.290566+00:00', '2026-11-29T09:00:08.408946+00:00', '2026-11-29T09:00:08.408937+00:00', '2026-11-29T09:00:08.460596+00:00', '2026-11-29T09:00:08.312713+00:00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('827fd5a49b17dcce-50cb36e633854158b340ffa9bec537ad', 'v1_lS91xr7KnlEdvST1smALFyCqgQQp31N_C9g9dFfm240O2Ap5q4roVzpStqzJxvKo', 'research', 0, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'A report without a place', '# Research report: A report without a place

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
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 253, "end": 312}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 314, "end": 381}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 383, "end": 459}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 565, "end": 618}]', '[{"code": "print(24)", "language": "python", "output": "24\n", "failed": false}]', '[]', '{"total_input_tokens": 6, "total_output_tokens": 239, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 309}', '[]', 'The files could not be saved: Cannot write to /home/user/gemini: a file or a link stands where a folder should be. Make it writable, or set GEMINI_MCP_OUTPUT_DIR to another directory. Then read_interaction saves them.', NULL, NULL, '2026-11-29T09:00:08.343789+00:00', '2026-11-29T09:00:08.506320+00:00', '2026-11-29T09:00:08.506305+00:00', '2026-11-29T09:00:08.512791+00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('31982a3f054d1bdc-1b1bdbb26cd04f60a78023c118474b28', 'v1_bHhmWGe4Fw_5P_RqdToAl2Xuqr4UEKO549IKo3rkFTuPUXNCYY2HV3LddoAjlafJ', 'research', 0, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research that takes for ever', '', '[]', NULL, NULL, NULL, '[]', 'Still in progress after 65 minutes, longer than Deep Research ever takes: it is probably stuck at Google. It is kept; check_research looks again. (interaction_id: v1_bHhmWGe4Fw_5P_RqdToAl2Xuqr4UEKO549IKo3rkFTuPUXNCYY2HV3LddoAjlafJ)', NULL, NULL, '2026-11-29T09:00:08.672366+00:00', '2026-11-29T09:00:09.221128+00:00', NULL, NULL, '2026-11-29T09:00:09.986755+00:00', NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/d50c7ce048bc4e608fb16dc705d20ece', '2026-11-29T09:01:09.982697+00:00', '2026-11-29T09:00:09.982927+00:00');
INSERT INTO interactions VALUES ('4c4064755b44cf12-719294c676ed4c60a88cc81de4caf35c', 'v1_i4ET6xZPz9DwIJ2xF7bjsckZBVci_-PNXSgs2jQRf2aIkCZramd5rOB_SFBjQAIx', 'research', 0, 'failed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research that is lost', '', '[]', NULL, NULL, NULL, '[]', 'Google keeps no interaction v1_i4ET6xZPz9DwIJ2xF7bjsckZBVci_-PNXSgs2jQRf2aIkCZramd5rOB_SFBjQAIx: the id is wrong, of another project''s key, deleted, or past its keeping time (55 days, 1 day on the free tier).', NULL, NULL, '2026-11-29T09:00:09.233480+00:00', '2026-11-29T09:00:09.798027+00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO interactions VALUES ('foreign-e62517dd39f54271898fa2a8902b9309', 'v1_HYTzdgfdjOS0nglDZpEqcUdH2dL5RQGz5oSSklx5hSSwaQ04wpUHI3RpvjqBrKhu', 'research', 0, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, '', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:09.580640+00:00', '2026-11-29T09:00:10.440578+00:00', NULL, NULL, '2026-11-29T09:00:10.442690+00:00', NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/d50c7ce048bc4e608fb16dc705d20ece', '2026-11-29T09:01:10.440629+00:00', '2026-11-29T09:00:10.440981+00:00');
INSERT INTO interactions VALUES ('37957956d8c4e331-78d8393204f54aa09140eed839e4640e', 'v1_eOtIviwg9Yz-2QosRYAt4CKMl0HDNS-aOcRJCsWHiCJKCq1wKFBoxOhu3xSXgbmk', 'research', 1, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Ferries of Norway', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: Ferries of Norway

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '[]', '[]', '{"total_input_tokens": 5, "total_output_tokens": 55, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 68}', '[]', NULL, NULL, NULL, '2026-11-29T09:00:09.988835+00:00', '2026-11-29T09:00:10.111591+00:00', '2026-11-29T09:00:10.111580+00:00', '2026-11-29T09:00:10.131509+00:00', NULL, NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/d50c7ce048bc4e608fb16dc705d20ece', '2026-11-29T09:01:09.989558+00:00', '2026-11-29T09:00:09.989737+00:00');
INSERT INTO interactions VALUES ('331e8e85113e2d79-58ea1e1633ed4ed2887aebce0a7ffea5', 'v1_eLUOcBpiRVXAsItqkE29XnUbowsapBi3Ca8P_vpfxDDRn-dVAkVjvllPRBZganbW', 'research', 0, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Lighthouses of Brittany', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:10.161452+00:00', '2026-11-29T09:00:10.205185+00:00', NULL, NULL, NULL, NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/d50c7ce048bc4e608fb16dc705d20ece', '2026-11-29T09:01:10.161755+00:00', '2026-11-29T09:00:10.161947+00:00');
INSERT INTO interactions VALUES ('approval872fc552de35593e-09f85f2eb02a4838a595b66bad70ae04', 'v1_AQTF1CghHbrhiBB_ISWDLs5HycvMWArh7djK1Dug0JIpFw08FuNp0QLgmKy658Jk', 'research', 0, 'in_progress', NULL, 'deep-research-preview-04-2026', 'v1_eOtIviwg9Yz-2QosRYAt4CKMl0HDNS-aOcRJCsWHiCJKCq1wKFBoxOhu3xSXgbmk', NULL, NULL, 'Go ahead with it', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:10.252163+00:00', '2026-11-29T09:00:10.291215+00:00', NULL, NULL, NULL, 'Ferries of Norway', NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/d50c7ce048bc4e608fb16dc705d20ece', '2026-11-29T09:01:10.252429+00:00', '2026-11-29T09:00:10.252629+00:00');
INSERT INTO interactions VALUES ('8311ec26f506ed54-19609aa998ad4640b039631294a6baf7', 'v1_vkiN5eT3l_8ZhKIh4KkTY7LuHgnBU4AZvtlTR3LOObgrAqStDUJQOHQb8cVh3up3', 'ask', 0, 'in_progress', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'A slow answer', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:10.295154+00:00', '2026-11-29T09:00:10.324268+00:00', NULL, NULL, '2026-11-29T09:00:10.333133+00:00', NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/d50c7ce048bc4e608fb16dc705d20ece', '2026-11-29T09:01:10.299209+00:00', '2026-11-29T09:00:10.299439+00:00');
INSERT INTO interactions VALUES ('45031b5115c41811-2d46fb72f9fe42dfa6193711a4bbc56d', '45031b5115c41811-2d46fb72f9fe42dfa6193711a4bbc56d', 'ask', 0, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, '', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:10.448742+00:00', '2026-11-29T09:00:10.448742+00:00', NULL, NULL, NULL, NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/d50c7ce048bc4e608fb16dc705d20ece', '2026-11-29T09:01:10.455428+00:00', '2026-11-29T09:00:10.455611+00:00');
INSERT INTO interactions VALUES ('201488dfe465eaf4-dc39c67bd52d48e9809c67385342da3f', NULL, 'ask', 0, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, NULL, 'A request on its way', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:10.486569+00:00', '2026-11-29T09:00:10.486569+00:00', NULL, NULL, NULL, NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/d50c7ce048bc4e608fb16dc705d20ece', '2026-11-29T09:01:10.491351+00:00', '2026-11-29T09:00:10.491568+00:00');
INSERT INTO interactions VALUES ('9520545d8d3c7b02-dbeb5bd2485848228951a3df22681578', NULL, 'research', 0, 'unknown', NULL, 'deep-research-preview-04-2026', NULL, NULL, NULL, 'Research by itself', '', '[]', NULL, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-29T09:00:10.529993+00:00', '2026-11-29T09:00:10.529993+00:00', NULL, NULL, NULL, NULL, NULL, 'desktop,11111111-2222-4333-8444-555555555555,pid:[4026531836]/4242/1795945000.000/d50c7ce048bc4e608fb16dc705d20ece', '2026-11-29T09:01:10.530143+00:00', '2026-11-29T09:00:10.530306+00:00');
INSERT INTO uploads VALUES ('1dc7ca6979a238def0d2fda547536a920eff90b792d7570650ba7aaafb58f983', 1488, 'application/pdf', '300551babde1e4146d1d89798024b129a2912b08f866e665a675ee980d2853f2', 'files/e144aacf57f148b7b6555a458104c25a', 'https://generativelanguage.googleapis.com/v1/files/e144aacf57f148b7b6555a458104c25a', '2026-12-01T09:00:01.580640+00:00');
PRAGMA user_version = 4;
