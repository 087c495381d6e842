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
	prompt TEXT NOT NULL, 
	text TEXT NOT NULL, 
	citations JSON NOT NULL, 
	usage JSON, 
	files JSON NOT NULL, 
	error TEXT, 
	created_at VARCHAR(32) NOT NULL, 
	updated_at VARCHAR(32) NOT NULL, 
	finished_at VARCHAR(32), 
	owner VARCHAR(512), 
	owned_until VARCHAR(32), 
	PRIMARY KEY (label)
);
CREATE INDEX interactions_by_time ON interactions (created_at, label);
CREATE UNIQUE INDEX ix_interactions_interaction_id ON interactions (interaction_id);
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
INSERT INTO interactions VALUES ('ec75b8e5b8475b36-ef5118236bd64e4ea6bbbefbfd06bcd8', 'v1_30tbzJqO8eNwwAIbE9hLHdNDFd-UUz80tgmNjdlPwz4Mtiw1pwGb3k2duhWU4vdt', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, 'What drives the tides?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “What drives the tides?”

', '[]', '{"total_input_tokens": 6, "total_output_tokens": 24, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 38}', '[]', NULL, '2026-11-24T18:00:00.000000+00:00', '2026-11-24T18:00:00.062487+00:00', '2026-11-24T18:00:00.062420+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('40c3c3de9d2010d9-e8e1f067d2b04a02b9a048c6c4ada4df', 'v1_q77QBNSJvPxTO_UuXC7bjVpPsghFNzf03sFTAezDyksjndw_fBYZw204zP6m4xS3', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, 'v1_30tbzJqO8eNwwAIbE9hLHdNDFd-UUz80tgmNjdlPwz4Mtiw1pwGb3k2duhWU4vdt', NULL, 'And the neap tides?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “And the neap tides?”

Earlier turns: 1. The previous prompt was: “What drives the tides?”
', '[]', '{"total_input_tokens": 34, "total_output_tokens": 41, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 83}', '[]', NULL, '2026-11-24T18:00:00.071894+00:00', '2026-11-24T18:00:00.105901+00:00', '2026-11-24T18:00:00.105842+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('4fe5e9989d1ee0ef-76435323977a4ae39a9b6510a8172038', 'v1_9ZBuOp4nTL9XIlXogfKlzGJfpkoBsu6pJBIOMRYTJC8Hb-55T-PMQ3PI2xU2-cey', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, 'Wer malte die Ölfässer? 日本語 🛢️', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “Wer malte die Ölfässer? 日本語 🛢️”

Tools: google_search.

Emulated finding 1 — a naïve sentence of 100 % multi-byte “quotes”.
', '[{"url": "https://example.com/emulated/search", "title": "example.com (emulated)", "resolved": "", "start": 138, "end": 212}]', '{"total_input_tokens": 11, "total_output_tokens": 54, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 89}', '[]', NULL, '2026-11-24T18:00:00.109388+00:00', '2026-11-24T18:00:00.158292+00:00', '2026-11-24T18:00:00.158234+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('ad4e19f153e0675b-1492cd0c8d544291a82d7a50eeb36d96', 'v1_wpEdg3bzSdDfQU9-HHS4r5yImOFi85smaxEHvVwJ1RQlkg39Uhn9XjlmXrlrdG-5', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, 'Name a tide as JSON', '{"tide": "Emulated: Name a tide as JSON"}', '[]', '{"total_input_tokens": 5, "total_output_tokens": 11, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 24}', '[]', NULL, '2026-11-24T18:00:00.161978+00:00', '2026-11-24T18:00:00.194158+00:00', '2026-11-24T18:00:00.194104+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('be6849e43a49f5cd-d125e9d0e9d44467a899e5a8d7949072', 'v1_wNj36CKl8UfaSnrd_GA4n_hbJF3SMIpyvzHUGgUinwKsEijFpkRC3V6Og65MIXJw', 'ask', 0, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer that ends as failed', '', '[]', '{"total_input_tokens": 8, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 8}', '[]', 'The interaction failed at Google (The emulator was told to fail.).', '2026-11-24T18:00:00.197431+00:00', '2026-11-24T18:00:00.223410+00:00', '2026-11-24T18:00:00.223360+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('909bdcc82d26223f-9926b5eca89a42da8d2a9423c2dd2bab', 'v1_JcN_PFCFptue9Ba5G9YL0l4HtiXst92WW1m298HvPnv-ccd7gc4YkUwOZ3WJlqqs', 'ask', 0, 'incomplete', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer that ends as incomplete', 'Emulated answer by gemini-3.8-flash (no model ran)', '[]', '{"total_input_tokens": 9, "total_output_tokens": 13, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 30}', '[]', 'The answer is incomplete: it reached max_output_tokens or another limit.', '2026-11-24T18:00:00.227880+00:00', '2026-11-24T18:00:00.256498+00:00', '2026-11-24T18:00:00.256446+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('e698ca484a330a33-1e436b420482411daa13a8ee3ec4347b', 'v1_OPAhBKlL0klx1WW5dDPC7mV035D-rjbqlVlpiv-ADYPJjXn_aZ2J4fFty-ARzbJJ', 'ask', 0, 'budget_exceeded', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer that ends as budget_exceeded', 'Emulated answer by gemini-3.8-flash (no model ran).

', '[]', '{"total_input_tokens": 10, "total_output_tokens": 14, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 32}', '[]', 'The answer is incomplete: it reached its token budget.', '2026-11-24T18:00:00.261211+00:00', '2026-11-24T18:00:00.298978+00:00', '2026-11-24T18:00:00.298925+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('77958ab653d34750-f082ee23b53a4cfa9115f8fb962fc10b', 'v1_BW_t1tAtZ2VnLSjGIEuqtxtx9jvWmjskAiBkYXRvEF8so9k-AqiOJH79KJxZI5Mv', 'ask', 0, 'requires_action', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer that ends as requires_action', '', '[]', '{"total_input_tokens": 10, "total_output_tokens": 0, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 34}', '[]', 'Gemini stopped to call a function, which this server does not offer.', '2026-11-24T18:00:00.306083+00:00', '2026-11-24T18:00:00.346715+00:00', '2026-11-24T18:00:00.346667+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('9b36796658a197ef-598f54f54f934a9385fac246e921354a', 'v1_-pk9cA3Iwz-FfCGCG2R0GhmR22yj3C4q1dwSWlnRYqVoclDHimyEVch_8emmx4Yk', 'ask', 0, 'requires_continuation', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer that ends as requires_continuation', 'Emulated answer by gemini-3.8-flash (no model ran).

You', '[]', '{"total_input_tokens": 11, "total_output_tokens": 14, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 33}', '[]', 'The answer is incomplete: it reached the limit of one request; gemini_continue can ask for the rest.', '2026-11-24T18:00:00.361999+00:00', '2026-11-24T18:00:00.394208+00:00', '2026-11-24T18:00:00.394152+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('10f492ec7decc21b-19c8a33c53a04476b7717a44c452b8ab', 'v1_6vccMNTkFD27RTbA8BahSRYlWtx1lwpnHFTgTkzrMJmeYn4FNkr0OdcuP-1-moSk', 'ask', 0, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer that is blocked', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction failed at Google (The response was blocked because of the safety settings.).', '2026-11-24T18:00:00.401613+00:00', '2026-11-24T18:00:00.438126+00:00', '2026-11-24T18:00:00.438073+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('4c0fcfd750d3affa-7842f79d70214f74a5e94b47444df2c1', 'v1_FZ_QLX72BkCQp3NY8SlKBQETV47mqZmP5alLQULwcVz3XbeqJkwf0QoIOrAEqhMD', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, 'An answer of a thought only', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 15}', '[]', 'Gemini completed the interaction without an answer; steps seen: user_input, thought. A safety filter is the usual cause: rephrase the prompt.', '2026-11-24T18:00:00.441387+00:00', '2026-11-24T18:00:00.468914+00:00', '2026-11-24T18:00:00.468859+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('8c9c24b3e7ae67d4-635ff482f7fa4c4898b5571d044d8666', NULL, 'ask', 0, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, 'A request that is refused', '', '[]', NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again.', '2026-11-24T18:00:00.472296+00:00', '2026-11-24T18:00:00.491097+00:00', '2026-11-24T18:00:00.491022+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('fc52e9a8fde30205-491a8b52edc44099a598b75bc7d40fe0', NULL, 'ask', 0, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, 'A request of unknown outcome', '', '[]', NULL, '[]', 'The connection to Google broke before an answer came. Google may have taken the request all the same, so it was not sent again. See list_interactions before asking a second time: a second request may be charged too.', '2026-11-24T18:00:00.498280+00:00', '2026-11-24T18:00:00.512426+00:00', NULL, NULL, NULL);
INSERT INTO interactions VALUES ('75be72b5f75fe499-15c600bb34e44964b2e41f3058f58695', '75be72b5f75fe499-15c600bb34e44964b2e41f3058f58695', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, '', '', '[]', '{"total_input_tokens": 5, "total_output_tokens": 23, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 36}', '[]', NULL, '2026-11-24T18:00:00.516404+00:00', '2026-11-24T18:00:00.544229+00:00', '2026-11-24T18:00:00.544153+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('2cb6a836e2587d12-3aa7729c92954c0eb8cc04a1276c51b8', '2cb6a836e2587d12-3aa7729c92954c0eb8cc04a1276c51b8', 'ask', 0, 'failed', 'gemini-3.8-flash', NULL, NULL, NULL, '', '', '[]', NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again. (interaction_id: 2cb6a836e2587d12-3aa7729c92954c0eb8cc04a1276c51b8)', '2026-11-24T18:00:00.554370+00:00', '2026-11-24T18:00:00.582708+00:00', '2026-11-24T18:00:00.582643+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('5ebe2c2a9d21cfa2-42d258a7894840058901551f27cbe8fe', '5ebe2c2a9d21cfa2-42d258a7894840058901551f27cbe8fe', 'ask', 0, 'cancelled', 'gemini-3.8-flash', NULL, NULL, NULL, '', '', '[]', NULL, '[]', 'The call was cancelled.', '2026-11-24T18:00:00.587346+00:00', '2026-11-24T18:00:00.617057+00:00', '2026-11-24T18:00:00.616985+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('da184029b094d028-66f50e18ac0d4921a31afdb3192c0695', 'v1_gRJnL_IanTGa8M8ZD1TrvWs7FDMJNVKPlqZWQ7eSC1cfLFYQpGOL_m69a2lJQ-Wq', 'ask', 0, 'cancelled', 'gemini-3.8-flash', NULL, NULL, NULL, 'A question that is given up', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction was cancelled.', '2026-11-24T18:00:01.122844+00:00', '2026-11-24T18:00:01.183894+00:00', '2026-11-24T18:00:01.183819+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('8de54c76c05a326d-aee9958878504d1cab041766dbdad1f2', 'v1_z6Pkj5uhQt7iunZLEgQtKmQEDjBeNF0i9DwthuLd1L4DvAnICF6vbi7pf2qK80VM', 'analyze', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, 'What is in these?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “File note.txt:

The moon is 384,400 km away.
What is in these?”

File 1, image: image/png, 69 bytes, 1 x 1 pixels, inline
', '[]', '{"total_input_tokens": 274, "total_output_tokens": 48, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 330}', '[]', NULL, '2026-11-24T18:00:01.679659+00:00', '2026-11-24T18:00:01.756888+00:00', '2026-11-24T18:00:01.756682+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('178ced3aadff42e1-3865168f8d60487b9649fc2d4d7ba7f8', 'v1__aoM4KYi5dhscDf_kq_cWEqRljLVGbqA7DU2pHfkrX8b7Bn5kSlWCwgl3pQ5jaGA', 'analyze', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, 'What does the paper say?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “What does the paper say?”

File 1, document: application/pdf, 1488 bytes, files/ac2c3e9635aa4710837991509ec18b87
', '[]', '{"total_input_tokens": 264, "total_output_tokens": 46, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 318}', '[]', NULL, '2026-11-24T18:00:01.863773+00:00', '2026-11-24T18:00:01.943940+00:00', '2026-11-24T18:00:01.943849+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('53e96a385f34bdd6-5d00d0120af649c395b693c49a0af351', 'v1_mvPLMBPDIqam2Aao2DCWmejQUBGF39k475VF_4eyct9GcYsPyNCCGwrk2xsp2KMT', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, NULL, CAST(X'41207A65726F3A20002C20616E64207768617420666F6C6C6F7773206974' AS TEXT), CAST(X'456D756C6174656420616E737765722062792067656D696E692D332E382D666C61736820286E6F206D6F64656C2072616E292E0A0A596F752061736B65643A20E2809C41207A65726F3A20002C20616E64207768617420666F6C6C6F7773206974E2809D0A0A' AS TEXT), '[]', '{"total_input_tokens": 8, "total_output_tokens": 26, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 42}', '[]', NULL, '2026-11-24T18:00:01.950994+00:00', '2026-11-24T18:00:01.982644+00:00', '2026-11-24T18:00:01.982551+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('722a3c3acf9280c3-9d3bad5605544281994e0f25b132ac26', 'v1_qWAgWFYiYIg5VNWc_vO-NEVwI2S-SFfH7v4tpMC3_MCtQUznAnvEWiKL099YNFhx', 'image', 0, 'completed', 'gemini-3.1-flash-image', NULL, NULL, NULL, 'A red bicycle', 'Emulated answer by gemini-3.1-flash-image (no model ran).

You asked: “A red bicycle”

![image 1](media:1)', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1143, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1155}', '[{"name": "2026-11-24-red-bicycle-1.jpg", "path": "/home/user/gemini/2026-11-24-red-bicycle-1.jpg", "mime_type": "image/jpeg", "bytes": 12394, "width": 512, "height": 512}]', NULL, '2026-11-24T18:00:01.987352+00:00', '2026-11-24T18:00:02.125211+00:00', '2026-11-24T18:00:02.125088+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('231c000c94ba3aa9-fe95d1f41917448a913b3281a90269d0', 'v1_9mPJhyw1rwRfT2OMlqRL0htGd4fe-JzGH8zE6BV0Z7rlAnnFfivoXqXc0_veOMjz', 'image', 0, 'completed', 'gemini-3.1-flash-image', NULL, 'v1_qWAgWFYiYIg5VNWc_vO-NEVwI2S-SFfH7v4tpMC3_MCtQUznAnvEWiKL099YNFhx', NULL, 'Make it green', 'Emulated answer by gemini-3.1-flash-image (no model ran).

You asked: “Make it green”

Earlier turns: 1. The previous prompt was: “A red bicycle”
![image 1](media:1)', '[]', '{"total_input_tokens": 30, "total_output_tokens": 1159, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1197}', '[{"name": "2026-11-24-make-it-green-1.jpg", "path": "/home/user/gemini/2026-11-24-make-it-green-1.jpg", "mime_type": "image/jpeg", "bytes": 12451, "width": 512, "height": 512}]', NULL, '2026-11-24T18:00:02.193736+00:00', '2026-11-24T18:00:02.252716+00:00', '2026-11-24T18:00:02.252639+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('4b12b2e10411fc17-308fbd23d62e46ce83ffffe3a6e791b5', 'v1_-rNg_rkYQ0CrCUMsXTXU-7nek3-DqWLx_uKvyXOLorKEoQL0ak9Ri-vghBd_ffcg', 'image', 0, 'completed', 'gemini-3.1-flash-image', NULL, NULL, NULL, 'A quay at night', 'Emulated answer by gemini-3.1-flash-image (no model ran).

You asked: “A quay at night”

![image 1](media:1)', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1144, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1156}', '[{"name": "quay.jpg", "path": "/home/user/gemini/quay.jpg", "mime_type": "image/jpeg", "bytes": 12568, "width": 512, "height": 512}]', NULL, '2026-11-24T18:00:02.267804+00:00', '2026-11-24T18:00:02.329415+00:00', '2026-11-24T18:00:02.329280+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('b8af294badc698af-0bf587a46e1d4277b53178ef710f7288', 'v1_QARwk_8co7Gc3pUmKi2UH-IooE2e-eahuoY63jOh3IICFZiWl1TwPz-_Eyt3_uO_', 'image', 0, 'completed', 'gemini-3.1-flash-image', NULL, NULL, NULL, 'Two gulls [[images=2]]', 'Emulated answer by gemini-3.1-flash-image (no model ran).

You asked: “Two gulls [[images=2]]”

![image 1](media:1)

![image 2](media:2)', '[]', '{"total_input_tokens": 6, "total_output_tokens": 2265, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 2279}', '[{"name": "2026-11-24-two-gulls-images-2-1.jpg", "path": "/home/user/gemini/2026-11-24-two-gulls-images-2-1.jpg", "mime_type": "image/jpeg", "bytes": 13270, "width": 512, "height": 512}, {"name": "2026-11-24-two-gulls-images-2-2.jpg", "path": "/home/user/gemini/2026-11-24-two-gulls-images-2-2.jpg", "mime_type": "image/jpeg", "bytes": 13270, "width": 512, "height": 512}]', NULL, '2026-11-24T18:00:02.342677+00:00', '2026-11-24T18:00:02.394767+00:00', '2026-11-24T18:00:02.394693+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('ff3d10b0bb1b295b-489aae894647484f838d185866fd5d22', 'v1_nvyIBtz6OotdPoce30nUebNIRwn9iMclAKv0ILIpugkC3F9IKSIauF8kV3TiIhXV', 'image', 0, 'failed', 'gemini-3.1-flash-image', NULL, NULL, NULL, 'A picture that is blocked', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction failed at Google (The response was blocked because of the safety settings.).', '2026-11-24T18:00:02.409136+00:00', '2026-11-24T18:00:02.454617+00:00', '2026-11-24T18:00:02.454551+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('9009cfa4f6d92392-b0392914ea3045c79f283355620cd32b', 'v1__d3fO_SI2VWjXH2G1_hPrYcQZd1ZjO-m9yq6RGUszNrVIpbVZysCkAv21OfVxvij', 'research', 0, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'The history of bicycles', '# Research report: The history of bicycles

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
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 252, "end": 311}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 313, "end": 380}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 382, "end": 458}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 585, "end": 638}]', '{"total_input_tokens": 6, "total_output_tokens": 1351, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 1421}', '[{"name": "2026-11-24-history-of-bicycles-1.png", "path": "/home/user/gemini/2026-11-24-history-of-bicycles-1.png", "mime_type": "image/png", "bytes": 5901, "width": 640, "height": 360}, {"name": "2026-11-24-history-of-bicycles.md", "path": "/home/user/gemini/2026-11-24-history-of-bicycles.md", "mime_type": "text/markdown", "bytes": 1482, "width": null, "height": null}]', NULL, '2026-11-24T18:00:02.459969+00:00', '2026-11-24T18:00:02.582393+00:00', '2026-11-24T18:00:02.582301+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('cba53d0a3336e100-52d1926256bf41a79cee22121c1815f1', 'v1_2FMaLL6lMyNoJbt2GA6sBO4wrQcmMamiRQ9qoFHtFiv8-dwCIlOW0OI58dG5NFlz', 'research', 1, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Cargo bicycles in Europe', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: Cargo bicycles in Europe

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '{"total_input_tokens": 6, "total_output_tokens": 57, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 71}', '[]', NULL, '2026-11-24T18:00:02.607121+00:00', '2026-11-24T18:00:02.723800+00:00', '2026-11-24T18:00:02.723724+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('foreign-a81a85497b5f48d0bf0d6349a49f9041', 'v1_Te8UPaLsjG9GVzXAQxpRrt8aVXDx5gwx_C2TcEg-QyoIB1q2ospTegPr8TDWaH7J', 'research', 0, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, '', '# Research report: Bicycles of others

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
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 247, "end": 306}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 308, "end": 375}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 377, "end": 453}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 580, "end": 633}]', '{"total_input_tokens": 5, "total_output_tokens": 1349, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 1418}', '[{"name": "2026-11-24-bicycles-of-others-1.png", "path": "/home/user/gemini/2026-11-24-bicycles-of-others-1.png", "mime_type": "image/png", "bytes": 5896, "width": 640, "height": 360}, {"name": "2026-11-24-bicycles-of-others.md", "path": "/home/user/gemini/2026-11-24-bicycles-of-others.md", "mime_type": "text/markdown", "bytes": 1476, "width": null, "height": null}]', NULL, '2026-11-24T18:00:02.673667+00:00', '2026-11-24T18:00:03.776120+00:00', '2026-11-24T18:00:03.776040+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('foreign-d012ea7c3ea24b2c82240fc42af9e9cb', 'v1_jeR7HFqm3wkf8t3SFo98Fg7ky95oZCt4QjncDrkVeTNgzcoqQSJd5_PPDnsbfIXU', 'ask', 0, 'completed', 'gemini-3.5-flash', NULL, NULL, NULL, 'Who are you?', 'Emulated answer by gemini-3.5-flash (no model ran).

You asked: “Who are you?”

', '[]', '{"total_input_tokens": 3, "total_output_tokens": 21, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 32}', '[]', NULL, '2026-11-24T18:00:02.673667+00:00', '2026-11-24T18:00:03.420092+00:00', '2026-11-24T18:00:03.420044+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('foreign-fdf425d4af354ab09508c958edb4c699', 'v1_x-EmlN4QZ5AXXoIyKSwMShkdkQ01r0M7lo6VfLodd1dHJWkVvWDHU1p18_WzIb3B', 'image', 0, 'completed', 'gemini-3.1-flash-image', NULL, NULL, NULL, 'A blue bicycle', '', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1132}', '[{"name": "2026-11-24-blue-bicycle-1.jpg", "path": "/home/user/gemini/2026-11-24-blue-bicycle-1.jpg", "mime_type": "image/jpeg", "bytes": 12530, "width": 512, "height": 512}]', NULL, '2026-11-24T18:00:02.673667+00:00', '2026-11-24T18:00:03.552920+00:00', '2026-11-24T18:00:03.552849+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('0cf9b3885afd8bc7-6bbbc3dd54d64789b556265c2afc984e', 'v1_5_HqnnhXXIPSGS_bUt-pYY_qOuF6aGbGgowV5h4plHC1VPiuYbXlEY7Y5Ezs4ZvR', 'research', 1, 'completed', NULL, 'deep-research-preview-04-2026', 'v1_2FMaLL6lMyNoJbt2GA6sBO4wrQcmMamiRQ9qoFHtFiv8-dwCIlOW0OI58dG5NFlz', NULL, 'Only in Denmark', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Refined research plan

Topic: Only in Denmark

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

Earlier turns: 1. The previous prompt was: “Cargo bicycles in Europe”

', '[]', '{"total_input_tokens": 66, "total_output_tokens": 75, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 149}', '[]', NULL, '2026-11-24T18:00:02.732088+00:00', '2026-11-24T18:00:02.827927+00:00', '2026-11-24T18:00:02.827860+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('1da69ef7a0ce8b66-c44fb6c1e72747daac6021026d877296', 'v1_zeWCSYLzACBNYnhgdBfynzlsZ4lzsvMPvWc0joKoIkjq_80YiHwrGevjecbRuqew', 'research', 0, 'completed', NULL, 'deep-research-preview-04-2026', 'v1_5_HqnnhXXIPSGS_bUt-pYY_qOuF6aGbGgowV5h4plHC1VPiuYbXlEY7Y5Ezs4ZvR', NULL, 'Go ahead', '# Research report: Go ahead

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
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 353, "end": 412}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 414, "end": 481}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 483, "end": 559}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 665, "end": 718}]', '{"total_input_tokens": 143, "total_output_tokens": 256, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 463}', '[{"name": "2026-11-24-go-ahead.md", "path": "/home/user/gemini/2026-11-24-go-ahead.md", "mime_type": "text/markdown", "bytes": 1533, "width": null, "height": null}]', NULL, '2026-11-24T18:00:02.835477+00:00', '2026-11-24T18:00:02.944437+00:00', '2026-11-24T18:00:02.944366+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('c56bf9a894609ae9-7da0d0dadbb24891b76b328b0113cada', 'v1_7tJKguvNrREd2lFBvQXctd0GLcGnvp1gL391Oq99ZN5tw_-7KhD1SfzjplGDXtQQ', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, 'v1_zeWCSYLzACBNYnhgdBfynzlsZ4lzsvMPvWc0joKoIkjq_80YiHwrGevjecbRuqew', NULL, 'Say it in one sentence', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “Say it in one sentence”

Earlier turns: 3. The previous prompt was: “Go ahead”
', '[]', '{"total_input_tokens": 404, "total_output_tokens": 38, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 450}', '[]', NULL, '2026-11-24T18:00:02.948460+00:00', '2026-11-24T18:00:02.992192+00:00', '2026-11-24T18:00:02.992124+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('723ce95f883b6a20-7b42fedc1ca349ad810bc45e72153dde', 'v1_XV0CQLU_Ikc8qAYCDWgnOK5exkdEUrkPHa-le-Isv1oBP_f-SCaUTJZ-CD4kUQhz', 'research', 1, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'A plan that waits', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: A plan that waits

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '{"total_input_tokens": 5, "total_output_tokens": 55, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 68}', '[]', NULL, '2026-11-24T18:00:02.998638+00:00', '2026-11-24T18:00:03.087215+00:00', '2026-11-24T18:00:03.087155+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('dec82124aab2559b-fe10e1aa917b4987a0556a84ee1f7b61', 'v1_7MRh8DfNqx1PoojuTa1TsWz78S3EaCyRl2mrwXi61REiRDRlq62ZEyTFDKJ4E5SY', 'research', 0, 'completed', NULL, 'antigravity-preview-09-2026', NULL, '49c7b306-4dc1-4e57-8a2e-d9779d0f0b85', 'Count the words', 'Emulated answer by antigravity-preview-09-2026 (no agent ran).

You asked: “Count the words”

Tools: code_execution.
', '[]', '{"total_input_tokens": 4, "total_output_tokens": 31, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 59}', '[{"name": "2026-11-24-count-words.md", "path": "/home/user/gemini/2026-11-24-count-words.md", "mime_type": "text/markdown", "bytes": 294, "width": null, "height": null}]', NULL, '2026-11-24T18:00:03.095034+00:00', '2026-11-24T18:00:03.144073+00:00', '2026-11-24T18:00:03.143999+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('694f3c5ee32ec279-a0ac36c57ef74101ba4e6f3c94ce6f46', 'v1_VggQGDgZ3LssBrHnZJTnEsy4CuTqmeQ_fEnYmpsGOQnSGarq_1YhIb5dvALJ4Q4w', 'research', 0, 'cancelled', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research that is given up again', '', '[]', '{"total_input_tokens": 8, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 8}', '[]', 'The interaction was cancelled.', '2026-11-24T18:00:03.168607+00:00', '2026-11-24T18:00:03.240692+00:00', '2026-11-24T18:00:03.240639+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('5e003570b61d1bac-7e722d9c2a2b4e2ea2c6ca8823adfa5c', NULL, 'research', 0, 'failed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research that is refused', '', '[]', NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again.', '2026-11-24T18:00:03.243303+00:00', '2026-11-24T18:00:03.261102+00:00', '2026-11-24T18:00:03.261039+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('289ad2a94f406ee5-3a62faa663fb4abeb5153a5fd964ce8e', NULL, 'research', 0, 'unknown', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research that is of unknown outcome', '', '[]', NULL, '[]', 'The connection to Google broke before an answer came. Google may have taken the request all the same, so it was not sent again. See list_interactions before asking a second time: a second request may be charged too.', '2026-11-24T18:00:03.263912+00:00', '2026-11-24T18:00:03.288462+00:00', NULL, NULL, NULL);
INSERT INTO interactions VALUES ('27ddd781ead7db7e-22303b75f2d04d858906d296f5ab2d2d', 'v1_yE3OBXbuSOXPtGgnJsMPHe0rE1Vc2tDKKegAeBcYG75EGHecBtSokhhydMFBreHa', 'research', 0, 'failed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research that fails', '', '[]', '{"total_input_tokens": 5, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 5}', '[]', 'The interaction failed at Google (The emulator was told to fail.).', '2026-11-24T18:00:03.291460+00:00', '2026-11-24T18:00:03.401720+00:00', '2026-11-24T18:00:03.401612+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('d5f04364186979f3-bca7405a485d4f61bcf11a8cd2b851f1', 'v1_Jnt5mzGz3-m-LZNdgRD6KPIJ3910pb63v3jJqPKDO3Yl74FUkvpZEx_KgJkCIXXW', 'image', 0, 'completed', 'gemini-3.1-flash-image', NULL, NULL, NULL, 'A picture without a place', 'Emulated answer by gemini-3.1-flash-image (no model ran).

You asked: “A picture without a place”

![image 1](media:1)', '[]', '{"total_input_tokens": 7, "total_output_tokens": 1146, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1161}', '[]', 'The files could not be saved: Cannot write to /home/user/gemini: Not a directory. Make room there, or set GEMINI_MCP_OUTPUT_DIR to another directory. Then read_interaction saves them.', '2026-11-24T18:00:04.069760+00:00', '2026-11-24T18:00:08.152535+00:00', '2026-11-24T18:00:08.152472+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('dc3081f252f2791a-3199953ec0074b76b638a3bcfb3e28a2', 'v1_4bv91NouFz1N1-whgz6DeeN3g1kP7bK4vQ0Pu_COdMMT3MVTOZQBwkmHStyCL6fl', 'research', 0, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'A report without a place', '# Research report: A report without a place

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
', '[{"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 253, "end": 312}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/2", "title": "", "resolved": "", "start": 314, "end": 381}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/3", "title": "", "resolved": "", "start": 383, "end": 459}, {"url": "https://vertexaisearch.cloud.google.com/grounding-api-redirect/1", "title": "", "resolved": "", "start": 565, "end": 618}]', '{"total_input_tokens": 6, "total_output_tokens": 231, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 301}', '[]', 'The files could not be saved: Cannot write to /home/user/gemini: Not a directory. Make room there, or set GEMINI_MCP_OUTPUT_DIR to another directory. Then read_interaction saves them.', '2026-11-24T18:00:08.090965+00:00', '2026-11-24T18:00:08.221091+00:00', '2026-11-24T18:00:08.221027+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('2e092168db81ea57-c5580f20eff84c2789c72a08d899a3ca', 'v1_D3TE6uWrx5aqg6R4wUYV7dkuEVCRFl-nlwb2hOmnQRP1ZyCInm2SnMX1HhYPwx_h', 'research', 0, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research that takes for ever', '', '[]', NULL, '[]', 'Still in progress after 65 minutes, longer than Deep Research ever takes: it is probably stuck at Google. It is kept; check_research looks again. (interaction_id: v1_D3TE6uWrx5aqg6R4wUYV7dkuEVCRFl-nlwb2hOmnQRP1ZyCInm2SnMX1HhYPwx_h)', '2026-11-24T18:00:08.345545+00:00', '2026-11-24T18:00:08.897141+00:00', NULL, '09c8aa24f029426eac5e2793cb60e55e', '2026-11-24T18:01:09.531226+00:00');
INSERT INTO interactions VALUES ('1937d7ff1c5512a7-65dbb6c0526042768b2eb5b5d9feca4a', 'v1_p5e2Mi_RJWBJ0r0Qaq0A6rMd1p7oECG9jBsRRK66SdjieM-IO-adLKB0IR6KzAzZ', 'research', 0, 'failed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research that is lost', '', '[]', NULL, '[]', 'Google keeps no interaction v1_p5e2Mi_RJWBJ0r0Qaq0A6rMd1p7oECG9jBsRRK66SdjieM-IO-adLKB0IR6KzAzZ: the id is wrong, of another project''s key, deleted, or past its keeping time (55 days, 1 day on the free tier).', '2026-11-24T18:00:08.901846+00:00', '2026-11-24T18:00:09.451068+00:00', NULL, NULL, NULL);
INSERT INTO interactions VALUES ('b5311f438d3fc26c-e9078557525341d587dbbf27823483a8', 'v1_Sah8sfxELwATDRQWiZpqbl6IZ5QHgR8w9Ky-g15nUVBFafAzzdCqOJ1DtuG7KGQZ', 'research', 1, 'completed', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Ferries of Norway', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: Ferries of Norway

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '{"total_input_tokens": 5, "total_output_tokens": 55, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 68}', '[]', NULL, '2026-11-24T18:00:09.572743+00:00', '2026-11-24T18:00:09.686450+00:00', '2026-11-24T18:00:09.686377+00:00', '09c8aa24f029426eac5e2793cb60e55e', '2026-11-24T18:01:09.577455+00:00');
INSERT INTO interactions VALUES ('foreign-139f20b98b9646dfb09b12ba029f507c', 'v1_Y_2aOW80FGVoJH3HuRbW-79xAtTjwSooA2t7O1ZgvntVNDAUr-mXbYDiD5kVQTf-', 'research', 0, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, NULL, '', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:09.673667+00:00', '2026-11-24T18:00:09.961867+00:00', NULL, '09c8aa24f029426eac5e2793cb60e55e', '2026-11-24T18:01:09.961282+00:00');
INSERT INTO interactions VALUES ('482f50eed7e6c3ca-6aa3d043a6a8445796e4239c48b792d0', 'v1_d1q_7_d_o0Gc7X7R_5gybYr-dTNy8nM1b-hmsGlmNTpfGIMaPzxBWYq_0MlhrCDc', 'research', 0, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Lighthouses of Brittany', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:09.695012+00:00', '2026-11-24T18:00:09.745713+00:00', NULL, '09c8aa24f029426eac5e2793cb60e55e', '2026-11-24T18:01:09.695398+00:00');
INSERT INTO interactions VALUES ('1cb12705df5fa6ac-3f1a5f9260574369bb000d9b53380ec1', 'v1_4_QtDQUeUjY54JunSJu0I77CLaBLiG068qFU6w7FpXeZ8iM1Z2pNgqUuoXSq7E5F', 'research', 0, 'in_progress', NULL, 'deep-research-preview-04-2026', 'v1_Sah8sfxELwATDRQWiZpqbl6IZ5QHgR8w9Ky-g15nUVBFafAzzdCqOJ1DtuG7KGQZ', NULL, 'Go ahead with it', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:09.756204+00:00', '2026-11-24T18:00:09.800564+00:00', NULL, '09c8aa24f029426eac5e2793cb60e55e', '2026-11-24T18:01:09.756488+00:00');
INSERT INTO interactions VALUES ('c02192200f3beecf-3fb6eba345674e739e4f7b7ffde59401', 'v1_Ee8LuqJbkJWwXMlJLrNhpIXNcTCm5RW9qYCLsrty4IuLd05cJlZGiB7JHSXWUDjx', 'ask', 0, 'in_progress', 'gemini-3.8-flash', NULL, NULL, NULL, 'A slow answer', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:09.808055+00:00', '2026-11-24T18:00:09.834063+00:00', NULL, '09c8aa24f029426eac5e2793cb60e55e', '2026-11-24T18:01:09.808244+00:00');
INSERT INTO interactions VALUES ('e817261173548601-3218462dc16e4e59bb7a3d6fe25788f6', 'e817261173548601-3218462dc16e4e59bb7a3d6fe25788f6', 'ask', 0, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, '', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:09.973110+00:00', '2026-11-24T18:00:09.973110+00:00', NULL, '09c8aa24f029426eac5e2793cb60e55e', '2026-11-24T18:01:09.973305+00:00');
INSERT INTO interactions VALUES ('77541277782c6d5f-7935bc3606ea49bd87e3279b984f9c88', NULL, 'ask', 0, 'unknown', 'gemini-3.8-flash', NULL, NULL, NULL, 'A request on its way', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:10.006777+00:00', '2026-11-24T18:00:10.006777+00:00', NULL, '09c8aa24f029426eac5e2793cb60e55e', '2026-11-24T18:01:10.007052+00:00');
INSERT INTO interactions VALUES ('c3a63b1266ffc5c4-9a0a1555503f46fab3b24d887b1063a1', NULL, 'research', 0, 'unknown', NULL, 'deep-research-preview-04-2026', NULL, NULL, 'Research by itself', '', '[]', NULL, '[]', NULL, '2026-11-24T18:00:10.035140+00:00', '2026-11-24T18:00:10.035140+00:00', NULL, '09c8aa24f029426eac5e2793cb60e55e', '2026-11-24T18:01:10.035565+00:00');
INSERT INTO uploads VALUES ('65d4f31d80fc10c28faedf5af4abf20d7a119e9feb656732a7faa7718ed0f310', 1488, 'application/pdf', '300551babde1e4146d1d89798024b129a2912b08f866e665a675ee980d2853f2', 'files/ac2c3e9635aa4710837991509ec18b87', 'https://generativelanguage.googleapis.com/v1/files/ac2c3e9635aa4710837991509ec18b87', '2026-11-26T18:00:01.673667+00:00');
PRAGMA user_version = 2;
