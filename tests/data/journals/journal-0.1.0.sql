CREATE TABLE interactions (
	label VARCHAR(512) NOT NULL, 
	interaction_id VARCHAR(512), 
	kind TEXT NOT NULL, 
	"plan" BOOLEAN NOT NULL, 
	status TEXT NOT NULL, 
	model TEXT, 
	agent TEXT, 
	previous_interaction_id TEXT, 
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
INSERT INTO interactions VALUES ('415a98138d1b3f5b-0b2ea9c4f7624fe495b75927b458258f', 'v1_KwdQv33WCXpU6WBapYJS162wpQTb1-ejWKmBqY39AzMQLrcJ04RJ5BlHbvPFAPIZ', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, 'What drives the tides?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “What drives the tides?”

', '[]', '{"total_input_tokens": 6, "total_output_tokens": 24, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 38}', '[]', NULL, '2026-11-23T18:00:00.000000+00:00', '2026-11-23T18:00:00.134647+00:00', '2026-11-23T18:00:00.134600+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('d15a752ff7eb0659-530a2617aad94e398715e69dffab7041', 'v1_MZlXXW7HzTOUEMYdgYrUS8GXxuPsK3GFXrMZSB0j5-H6m5cxTVArzHwsCE49ngla', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, 'v1_KwdQv33WCXpU6WBapYJS162wpQTb1-ejWKmBqY39AzMQLrcJ04RJ5BlHbvPFAPIZ', 'And the neap tides?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “And the neap tides?”

Earlier turns: 1. The previous prompt was: “What drives the tides?”
', '[]', '{"total_input_tokens": 34, "total_output_tokens": 41, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 83}', '[]', NULL, '2026-11-23T18:00:00.141452+00:00', '2026-11-23T18:00:00.182410+00:00', '2026-11-23T18:00:00.182389+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('ce2336a65343a563-3e90ff72e384435eb2c216cadacb9c5b', 'v1_OMMutUopj3Ts3Nori9HVQji_WycNIcGU2qcBFQ8I8MaE5bpQzqiiRMNeW1eOOwol', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, 'Wer malte die Ölfässer? 日本語 🛢️', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “Wer malte die Ölfässer? 日本語 🛢️”

Tools: google_search.

Emulated finding 1 — a naïve sentence of 100 % multi-byte “quotes”.
', '[{"url": "https://example.com/emulated/search", "title": "example.com (emulated)", "start": 138, "end": 212}]', '{"total_input_tokens": 11, "total_output_tokens": 54, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 89}', '[]', NULL, '2026-11-23T18:00:00.185413+00:00', '2026-11-23T18:00:00.254519+00:00', '2026-11-23T18:00:00.254465+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('4889ccdb16b21a46-7e8f952e5d3d49278a7f3902b473268c', 'v1_8Pxf9pu-LaQG5kCTL4nkOQFSs7Qh7qZLalV3JsvUoPuRLVz5D7kBXHiExnizj4bN', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, 'Name a tide as JSON', '{"tide": "Emulated: Name a tide as JSON"}', '[]', '{"total_input_tokens": 5, "total_output_tokens": 11, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 24}', '[]', NULL, '2026-11-23T18:00:00.259036+00:00', '2026-11-23T18:00:00.310312+00:00', '2026-11-23T18:00:00.310275+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('c1ec5d2402880fb9-0cf751299ba34410975413c057ba4631', 'v1_a0OLyXp6U6ZFoZMMMh24vsxreES45Y0Z4vQaBkmL8gz4rf_PNmDfXtdI7Z9KX1ZT', 'ask', 0, 'failed', 'gemini-3.8-flash', NULL, NULL, 'An answer that ends as failed', '', '[]', '{"total_input_tokens": 8, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 8}', '[]', 'The interaction failed at Google (The emulator was told to fail.).', '2026-11-23T18:00:00.313610+00:00', '2026-11-23T18:00:00.364327+00:00', '2026-11-23T18:00:00.364301+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('0dd2188bf2fd78cc-31558976035f4649b2a676c55974ac1f', 'v1_mK6U7ynraDmGJ8VFupjtXuFEGskefOSdov0RM7L0BhsY9-ZWV2CjXjqGfVbUIOXU', 'ask', 0, 'incomplete', 'gemini-3.8-flash', NULL, NULL, 'An answer that ends as incomplete', 'Emulated answer by gemini-3.8-flash (no model ran)', '[]', '{"total_input_tokens": 9, "total_output_tokens": 13, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 30}', '[]', 'The answer is incomplete: it reached max_output_tokens or another limit.', '2026-11-23T18:00:00.372448+00:00', '2026-11-23T18:00:00.416123+00:00', '2026-11-23T18:00:00.416098+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('64cf6ed12b5c49fc-9bff9b7565cf4217ba5829114b6bf258', 'v1_gxybcBWPnZhqDb022fPjtnVLsOZeKzromv5I4Fhby_1SMJxitulSc85s8UrULVZ3', 'ask', 0, 'budget_exceeded', 'gemini-3.8-flash', NULL, NULL, 'An answer that ends as budget_exceeded', 'Emulated answer by gemini-3.8-flash (no model ran).

', '[]', '{"total_input_tokens": 10, "total_output_tokens": 14, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 32}', '[]', 'The answer is incomplete: it reached its token budget.', '2026-11-23T18:00:00.419769+00:00', '2026-11-23T18:00:00.458792+00:00', '2026-11-23T18:00:00.458771+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('51f751c3c3aacdf1-5f02265e1dd24d17bbe433d816c71e62', 'v1_qE1L_ybm0n_StLuBMdeAidpNZQRs2RpIHfFN5adGziom6VrwyOpQ1sr8daHfl-B6', 'ask', 0, 'requires_action', 'gemini-3.8-flash', NULL, NULL, 'An answer that ends as requires_action', '', '[]', '{"total_input_tokens": 10, "total_output_tokens": 0, "total_thought_tokens": 8, "total_tool_use_tokens": 16, "total_cached_tokens": 0, "total_tokens": 34}', '[]', 'Gemini stopped to call a function, which this server does not offer.', '2026-11-23T18:00:00.463541+00:00', '2026-11-23T18:00:00.506133+00:00', '2026-11-23T18:00:00.506112+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('26dc1c5f950f6ada-92e974562fb8446b9ecb6b7da841ea7f', 'v1_1lPKThlCgNNpe-r4p4m8POrA0DbwJTPaoZMbLQWWWLWo42ps9s_LxjH8M0ifhCsn', 'ask', 0, 'requires_continuation', 'gemini-3.8-flash', NULL, NULL, 'An answer that ends as requires_continuation', 'Emulated answer by gemini-3.8-flash (no model ran).

You', '[]', '{"total_input_tokens": 11, "total_output_tokens": 14, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 33}', '[]', 'The answer is incomplete: it reached the limit of one request; gemini_continue can ask for the rest.', '2026-11-23T18:00:00.509093+00:00', '2026-11-23T18:00:00.553210+00:00', '2026-11-23T18:00:00.553191+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('502b27b39527f7be-51cbf13bb78d45a6b0ffd1ff890c2bde', 'v1_-1lDDX_FSeZGeGrQF0dHIZ1JOzE1m4r-0fF7VfBJtK4oTSurNR44qQZH99lgWNVZ', 'ask', 0, 'failed', 'gemini-3.8-flash', NULL, NULL, 'An answer that is blocked', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction failed at Google (The response was blocked because of the safety settings.).', '2026-11-23T18:00:00.556386+00:00', '2026-11-23T18:00:00.596909+00:00', '2026-11-23T18:00:00.596885+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('58365e73c76eeb0e-bcf55aab8acf4442944b2ce38e598dcc', 'v1_d0oQCQGBaC2nzLlQ89-XM6QZXkEqMykdK2T9772-h7zZ0e9ghIDkvH02viop2G0W', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, 'An answer of a thought only', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 15}', '[]', 'Gemini completed the interaction without an answer; steps seen: user_input, thought. A safety filter is the usual cause: rephrase the prompt.', '2026-11-23T18:00:00.601016+00:00', '2026-11-23T18:00:00.631304+00:00', '2026-11-23T18:00:00.631280+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('03cf2e66dc744be7-ad69fd54673d48b38d8636885cf08b73', NULL, 'ask', 0, 'failed', 'gemini-3.8-flash', NULL, NULL, 'A request that is refused', '', '[]', NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again.', '2026-11-23T18:00:00.633811+00:00', '2026-11-23T18:00:00.651058+00:00', '2026-11-23T18:00:00.651038+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('be071adc8d532455-83a01d5b52ca4ed89a2949d16ded5902', NULL, 'ask', 0, 'unknown', 'gemini-3.8-flash', NULL, NULL, 'A request of unknown outcome', '', '[]', NULL, '[]', 'The connection to Google broke before an answer came. Google may have taken the request all the same, so it was not sent again. See list_interactions before asking a second time: a second request may be charged too.', '2026-11-23T18:00:00.676627+00:00', '2026-11-23T18:00:00.718808+00:00', NULL, NULL, NULL);
INSERT INTO interactions VALUES ('92cd304ff2b49a90-edf3cb6f002e4aeaa124ffeaeea80731', '92cd304ff2b49a90-edf3cb6f002e4aeaa124ffeaeea80731', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, '', '', '[]', '{"total_input_tokens": 5, "total_output_tokens": 23, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 36}', '[]', NULL, '2026-11-23T18:00:00.726113+00:00', '2026-11-23T18:00:00.852645+00:00', '2026-11-23T18:00:00.852615+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('66a361516ec6c3d0-24b789461d2f41f3a828584bb2fe0296', '66a361516ec6c3d0-24b789461d2f41f3a828584bb2fe0296', 'ask', 0, 'failed', 'gemini-3.8-flash', NULL, NULL, '', '', '[]', NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again. (interaction_id: 66a361516ec6c3d0-24b789461d2f41f3a828584bb2fe0296)', '2026-11-23T18:00:00.860523+00:00', '2026-11-23T18:00:00.882424+00:00', '2026-11-23T18:00:00.882398+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('cb4684996f9dd521-f1f5993f5210413891d2e14da9e3197b', 'cb4684996f9dd521-f1f5993f5210413891d2e14da9e3197b', 'ask', 0, 'cancelled', 'gemini-3.8-flash', NULL, NULL, '', '', '[]', NULL, '[]', 'The call was cancelled.', '2026-11-23T18:00:00.886233+00:00', '2026-11-23T18:00:00.923068+00:00', '2026-11-23T18:00:00.923048+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('3897bc1503a878d2-35cedcda4f9e48f8be493c8f4cc3f26f', 'v1_XqjFb5TmYRaKjdOmMqF5EFP81kLdBIAIUODYdn53Km8wRb9w17Bd9iasWalkiJxD', 'ask', 0, 'cancelled', 'gemini-3.8-flash', NULL, NULL, 'A question that is given up', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction was cancelled.', '2026-11-23T18:00:01.427626+00:00', '2026-11-23T18:00:01.482972+00:00', '2026-11-23T18:00:01.482941+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('ecea3e7cd5f23772-3a53da2f81f24daf8de0f6877739aace', 'v1_RNAfHCau1rTFi7vwDZf2-QtONO9onEoXPEB49qYJTJiO3-bSFCIAJ4mb9MiAsjHj', 'analyze', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, 'What is in these?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “File note.txt:

The moon is 384,400 km away.
What is in these?”

File 1, image: image/png, 69 bytes, 1 x 1 pixels, inline
', '[]', '{"total_input_tokens": 274, "total_output_tokens": 48, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 330}', '[]', NULL, '2026-11-23T18:00:01.970287+00:00', '2026-11-23T18:00:02.042319+00:00', '2026-11-23T18:00:02.042282+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('ad77bd5d95426d80-e0dc0fc788df423cbc20af041d02c32e', 'v1_ChipBS8xR5kDiFusiN0e6GgrXlHahFjUgBKIGGrlls-CIhJlavJTAgCFm4YzCyMh', 'analyze', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, 'What does the paper say?', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “What does the paper say?”

File 1, document: application/pdf, 1488 bytes, files/57946e229112
', '[]', '{"total_input_tokens": 264, "total_output_tokens": 41, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 313}', '[]', NULL, '2026-11-23T18:00:02.062044+00:00', '2026-11-23T18:00:02.166103+00:00', '2026-11-23T18:00:02.166070+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('96a451e0efe97c81-661edf175b4f499585c7449e4f9c4544', 'v1_jNYfBxLD95lYKBiv1MFW40B4_P9SloCLwEOWllPBIuwKwaydgXUs_wspE7cwfYlD', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, NULL, CAST(X'41207A65726F3A20002C20616E64207768617420666F6C6C6F7773206974' AS TEXT), CAST(X'456D756C6174656420616E737765722062792067656D696E692D332E382D666C61736820286E6F206D6F64656C2072616E292E0A0A596F752061736B65643A20E2809C41207A65726F3A20002C20616E64207768617420666F6C6C6F7773206974E2809D0A0A' AS TEXT), '[]', '{"total_input_tokens": 8, "total_output_tokens": 26, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 42}', '[]', NULL, '2026-11-23T18:00:02.172360+00:00', '2026-11-23T18:00:02.218418+00:00', '2026-11-23T18:00:02.218390+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('75ef9111fdac59dd-d4d19c21159f447e8ebce224d5bc9e5a', 'v1_8DZTvQ01ajp7z0oPHXu5AnQ3Ohc0sSYJuLg0tSE6coW0PH7X-82Np3k1L_AqalPJ', 'image', 0, 'completed', 'gemini-3.1-flash-image', NULL, NULL, 'A red bicycle', '', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1132}', '[{"name": "2026-11-23-red-bicycle.jpg", "path": "/home/user/gemini/2026-11-23-red-bicycle.jpg", "mime_type": "image/jpeg", "bytes": 11768, "width": 512, "height": 512}]', NULL, '2026-11-23T18:00:02.224093+00:00', '2026-11-23T18:00:02.298121+00:00', '2026-11-23T18:00:02.298088+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('ef712fa43e735fca-8fdbf12f08b44d3ea2aeb43b2ad880f7', 'v1_lAzge04x3SPd5mziJZzv115Wmj6bc4wYtBYbDCoIeA6kSn3xDsfaluuorczRx9xt', 'image', 0, 'completed', 'gemini-3.1-flash-image', NULL, 'v1_8DZTvQ01ajp7z0oPHXu5AnQ3Ohc0sSYJuLg0tSE6coW0PH7X-82Np3k1L_AqalPJ', 'Make it green', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1135}', '[{"name": "2026-11-23-make-it-green.jpg", "path": "/home/user/gemini/2026-11-23-make-it-green.jpg", "mime_type": "image/jpeg", "bytes": 11825, "width": 512, "height": 512}]', NULL, '2026-11-23T18:00:02.306289+00:00', '2026-11-23T18:00:02.367422+00:00', '2026-11-23T18:00:02.367393+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('7944ded61f954156-f657e39e5e6f437c87d7b4bb61d1967a', 'v1_dQQ0UFBC6PnUzXSLXfW8gsSIrLXxcDyjYJ5DWN__9qcal6iX7VJ4P_s1t-mED5H-', 'image', 0, 'completed', 'gemini-3.1-flash-image', NULL, NULL, 'A quay at night', '', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1132}', '[{"name": "quay.jpg", "path": "/home/user/gemini/quay.jpg", "mime_type": "image/jpeg", "bytes": 11940, "width": 512, "height": 512}]', NULL, '2026-11-23T18:00:02.380890+00:00', '2026-11-23T18:00:02.444622+00:00', '2026-11-23T18:00:02.444585+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('6ff81124c03f0893-1727e393e4354d0d918e320e82d8cdab', 'v1_3YzB_rvRbqFiDwNXC0pGGTCKQXw9blMJ6kXLDpmsMCc62WiPYAUjQffhQWqqUWM6', 'image', 0, 'failed', 'gemini-3.1-flash-image', NULL, NULL, 'A picture that is blocked', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 7}', '[]', 'The interaction failed at Google (The response was blocked because of the safety settings.).', '2026-11-23T18:00:02.452864+00:00', '2026-11-23T18:00:02.495208+00:00', '2026-11-23T18:00:02.495188+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('4f373c38395af735-fed104cdd3a7484684b0c93f9067e59e', 'v1_16Jg6Z7qtIaqzZzRCNI9EoEv00GubjPSLS1ogByHLLgl4X6oOYB0nqBItCQJplCC', 'research', 0, 'completed', NULL, 'deep-research-preview-04-2026', NULL, 'The history of bicycles', '# Research report: The history of bicycles

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
', '[{"url": "https://example.com/emulated/redirect/1", "title": "", "start": 252, "end": 315}, {"url": "https://example.com/emulated/redirect/2", "title": "", "start": 317, "end": 388}, {"url": "https://example.com/emulated/redirect/3", "title": "", "start": 390, "end": 470}, {"url": "https://example.com/emulated/redirect/1", "title": "", "start": 576, "end": 629}]', '{"total_input_tokens": 6, "total_output_tokens": 1354, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 1424}', '[{"name": "2026-11-23-history-of-bicycles.png", "path": "/home/user/gemini/2026-11-23-history-of-bicycles.png", "mime_type": "image/png", "bytes": 5257, "width": 640, "height": 360}, {"name": "2026-11-23-history-of-bicycles.md", "path": "/home/user/gemini/2026-11-23-history-of-bicycles.md", "mime_type": "text/markdown", "bytes": 933, "width": null, "height": null}]', NULL, '2026-11-23T18:00:02.499828+00:00', '2026-11-23T18:00:02.681439+00:00', '2026-11-23T18:00:02.681403+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('3ee2d89f8c71c437-9df23e5025a64cd49540c3e5504d8aaa', 'v1_kIcbQeNjO3TUqHsDEzPkvRGfaN8Hv9FIJiZmSNisDM_XAHhuSZ3mgRhdaBsgqlZF', 'research', 1, 'completed', NULL, 'deep-research-preview-04-2026', NULL, 'Cargo bicycles in Europe', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: Cargo bicycles in Europe

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '{"total_input_tokens": 6, "total_output_tokens": 57, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 71}', '[]', NULL, '2026-11-23T18:00:02.689691+00:00', '2026-11-23T18:00:02.774542+00:00', '2026-11-23T18:00:02.774515+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('62e1a83fe522bdfd-85883e986f9742008fa753b776812055', 'v1_Trp8-Hth1M0Co-gczg-jDj5AleJ9otja17Cfr_MaFv_OGH2KyGruHBFg-_1Z3w8E', 'research', 1, 'completed', NULL, 'deep-research-preview-04-2026', 'v1_kIcbQeNjO3TUqHsDEzPkvRGfaN8Hv9FIJiZmSNisDM_XAHhuSZ3mgRhdaBsgqlZF', 'Only in Denmark', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Refined research plan

Topic: Only in Denmark

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

Earlier turns: 1. The previous prompt was: “Cargo bicycles in Europe”

', '[]', '{"total_input_tokens": 66, "total_output_tokens": 75, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 149}', '[]', NULL, '2026-11-23T18:00:02.780490+00:00', '2026-11-23T18:00:02.880842+00:00', '2026-11-23T18:00:02.880809+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('foreign-905083ae573149058314ede368800799', 'v1_83Z1F2yMJTrexiwoJDmbW9mpsga9V16rLdEN8vCRwvfamU_zFemFvSlL30ECcwJx', 'image', 0, 'completed', 'gemini-3.1-flash-image', NULL, NULL, 'A blue bicycle', '', '[]', '{"total_input_tokens": 4, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1132}', '[{"name": "2026-11-23-blue-bicycle.jpg", "path": "/home/user/gemini/2026-11-23-blue-bicycle.jpg", "mime_type": "image/jpeg", "bytes": 11903, "width": 512, "height": 512}]', NULL, '2026-11-23T18:00:02.851971+00:00', '2026-11-23T18:00:03.550633+00:00', '2026-11-23T18:00:03.550603+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('foreign-964127061f9747558ed4b84ee6358338', 'v1_D0zNIQmpRbuKvWbm-FerGp4QhSnvJtvkK1OjylNAAr3ZiWJ-HqiD5PYhptcgsKk-', 'research', 0, 'completed', NULL, 'deep-research-preview-04-2026', NULL, '', '# Research report: Bicycles of others

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
', '[{"url": "https://example.com/emulated/redirect/1", "title": "", "start": 247, "end": 310}, {"url": "https://example.com/emulated/redirect/2", "title": "", "start": 312, "end": 383}, {"url": "https://example.com/emulated/redirect/3", "title": "", "start": 385, "end": 465}, {"url": "https://example.com/emulated/redirect/1", "title": "", "start": 571, "end": 624}]', '{"total_input_tokens": 5, "total_output_tokens": 1352, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 1421}', '[{"name": "2026-11-23-bicycles-of-others.png", "path": "/home/user/gemini/2026-11-23-bicycles-of-others.png", "mime_type": "image/png", "bytes": 5257, "width": 640, "height": 360}, {"name": "2026-11-23-bicycles-of-others.md", "path": "/home/user/gemini/2026-11-23-bicycles-of-others.md", "mime_type": "text/markdown", "bytes": 928, "width": null, "height": null}]', NULL, '2026-11-23T18:00:02.851971+00:00', '2026-11-23T18:00:03.739927+00:00', '2026-11-23T18:00:03.739896+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('foreign-ed4f29c4e5af424ca803d9717eefa2cd', 'v1_hSw6ZLd2mqsLJzaHCW6DSc6ZlouIin7kYLoVEQOFkr2-_wzs11tfTvc2yiiBc2Zm', 'ask', 0, 'completed', 'gemini-3.5-flash', NULL, NULL, 'Who are you?', 'Emulated answer by gemini-3.5-flash (no model ran).

You asked: “Who are you?”

', '[]', '{"total_input_tokens": 3, "total_output_tokens": 21, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 32}', '[]', NULL, '2026-11-23T18:00:02.851971+00:00', '2026-11-23T18:00:03.442272+00:00', '2026-11-23T18:00:03.442249+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('1837ea4681ef305b-49eb9e707c3e4f9c99a1e5b7c6e25ee6', 'v1_eO3uYlcclK84rhdJGobnK_BfcicJ2YOOLVggO5Uzq5lbh3jlXZdWoXsS91lmKg5f', 'research', 0, 'completed', NULL, 'deep-research-preview-04-2026', 'v1_Trp8-Hth1M0Co-gczg-jDj5AleJ9otja17Cfr_MaFv_OGH2KyGruHBFg-_1Z3w8E', 'Go ahead', '# Research report: Go ahead

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
', '[{"url": "https://example.com/emulated/redirect/1", "title": "", "start": 353, "end": 416}, {"url": "https://example.com/emulated/redirect/2", "title": "", "start": 418, "end": 489}, {"url": "https://example.com/emulated/redirect/3", "title": "", "start": 491, "end": 571}, {"url": "https://example.com/emulated/redirect/1", "title": "", "start": 677, "end": 730}]', '{"total_input_tokens": 143, "total_output_tokens": 259, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 466}', '[{"name": "2026-11-23-go-ahead.md", "path": "/home/user/gemini/2026-11-23-go-ahead.md", "mime_type": "text/markdown", "bytes": 1034, "width": null, "height": null}]', NULL, '2026-11-23T18:00:02.888230+00:00', '2026-11-23T18:00:03.029003+00:00', '2026-11-23T18:00:03.028970+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('99fbcf566c9d9245-2ea6a2d909b64ced84b3e53cfec7afd2', 'v1_4qcQsCEunROz-CxJRER2XMzaxg5WDjVa-p3oYSk4kbtVEmpnva7Op2blDnfYAiAM', 'ask', 0, 'completed', 'gemini-3.8-flash', NULL, 'v1_eO3uYlcclK84rhdJGobnK_BfcicJ2YOOLVggO5Uzq5lbh3jlXZdWoXsS91lmKg5f', 'Say it in one sentence', 'Emulated answer by gemini-3.8-flash (no model ran).

You asked: “Say it in one sentence”

Earlier turns: 3. The previous prompt was: “Go ahead”
', '[]', '{"total_input_tokens": 407, "total_output_tokens": 38, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 453}', '[]', NULL, '2026-11-23T18:00:03.041235+00:00', '2026-11-23T18:00:03.090128+00:00', '2026-11-23T18:00:03.090103+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('8ca0f7b3fe111152-a205b5a2098448ee8c9ea9a903459bca', 'v1_56h2075xd-Ccw4IuQWxiqGw54UkNyafjWtVSpUJMn1PdCYbFJo4hrtg9BY0MMjJ_', 'research', 1, 'completed', NULL, 'deep-research-preview-04-2026', NULL, 'A plan that waits', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: A plan that waits

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '{"total_input_tokens": 5, "total_output_tokens": 55, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 68}', '[]', NULL, '2026-11-23T18:00:03.093278+00:00', '2026-11-23T18:00:03.182342+00:00', '2026-11-23T18:00:03.182310+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('b1576de0d2744434-930de6f9ffe34e5c9d1c14cb033891db', 'v1_66H4AB9EuwhSBehDk71U_YRtW0KtCDk_tSo2fk5lci6Y993hyDDq_Q6sbQlI6lgk', 'research', 0, 'cancelled', NULL, 'deep-research-preview-04-2026', NULL, 'Research that is given up again', '', '[]', '{"total_input_tokens": 8, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 8}', '[]', 'The interaction was cancelled.', '2026-11-23T18:00:03.187747+00:00', '2026-11-23T18:00:03.252850+00:00', '2026-11-23T18:00:03.252823+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('ae152f62f6d836d0-291516d2d186431b9fc0b8482ec24f59', NULL, 'research', 0, 'failed', NULL, 'deep-research-preview-04-2026', NULL, 'Research that is refused', '', '[]', NULL, '[]', 'Google refused the request (The emulator was told to answer 400.). Change it before trying again.', '2026-11-23T18:00:03.255705+00:00', '2026-11-23T18:00:03.271439+00:00', '2026-11-23T18:00:03.271419+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('1a9bbf9ccd09c215-faeefa6871d14d08b81dca6dd283d973', NULL, 'research', 0, 'unknown', NULL, 'deep-research-preview-04-2026', NULL, 'Research that is of unknown outcome', '', '[]', NULL, '[]', 'The connection to Google broke before an answer came. Google may have taken the request all the same, so it was not sent again. See list_interactions before asking a second time: a second request may be charged too.', '2026-11-23T18:00:03.274584+00:00', '2026-11-23T18:00:03.300094+00:00', NULL, NULL, NULL);
INSERT INTO interactions VALUES ('fda9f260398e9842-16a3d41c564443f0a5e1e14cb138faeb', 'v1_ap_hr-4F-oJofPokNXKP4yQo1zi_4_WIlwe-47kDVs2P12TBiZcr24BjOK7jySpM', 'research', 0, 'failed', NULL, 'deep-research-preview-04-2026', NULL, 'Research that fails', '', '[]', '{"total_input_tokens": 5, "total_output_tokens": 0, "total_thought_tokens": 0, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 5}', '[]', 'The interaction failed at Google (The emulator was told to fail.).', '2026-11-23T18:00:03.303687+00:00', '2026-11-23T18:00:03.419717+00:00', '2026-11-23T18:00:03.419686+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('73482e06da873180-dadbcdce4b85420cbecd9e7508fc92bf', 'v1_mp_p3R8q5kys0nuk_3DG9M4KhcMz84X-2QSrtTk0AIZgeVB4H4qLoxS5MNWIUTTt', 'image', 0, 'completed', 'gemini-3.1-flash-image', NULL, NULL, 'A picture without a place', '', '[]', '{"total_input_tokens": 7, "total_output_tokens": 1120, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 1135}', '[]', 'The files could not be saved: Cannot write to /home/user/gemini: Not a directory. Make room there, or set GEMINI_MCP_OUTPUT_DIR to another directory. Then read_interaction saves them.', '2026-11-23T18:00:03.988570+00:00', '2026-11-23T18:00:08.087636+00:00', '2026-11-23T18:00:08.087611+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('a07e26335ba12be0-036ab5d9090840a2a4102cde165942a6', 'v1_YWpArfSZYAgcaGb21zJn6oaH3U9WIJ2GFRIXCnqfs7wPf3QJF83Q10vHajA045Cg', 'research', 0, 'completed', NULL, 'deep-research-preview-04-2026', NULL, 'A report without a place', '# Research report: A report without a place

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
', '[{"url": "https://example.com/emulated/redirect/1", "title": "", "start": 253, "end": 316}, {"url": "https://example.com/emulated/redirect/2", "title": "", "start": 318, "end": 389}, {"url": "https://example.com/emulated/redirect/3", "title": "", "start": 391, "end": 471}, {"url": "https://example.com/emulated/redirect/1", "title": "", "start": 577, "end": 630}]', '{"total_input_tokens": 6, "total_output_tokens": 234, "total_thought_tokens": 16, "total_tool_use_tokens": 48, "total_cached_tokens": 0, "total_tokens": 304}', '[]', 'The files could not be saved: Cannot write to /home/user/gemini: Not a directory. Make room there, or set GEMINI_MCP_OUTPUT_DIR to another directory. Then read_interaction saves them.', '2026-11-23T18:00:08.014236+00:00', '2026-11-23T18:00:08.161120+00:00', '2026-11-23T18:00:08.161094+00:00', NULL, NULL);
INSERT INTO interactions VALUES ('eb3098b82c5e755a-250ed49a1ee045529f2179d1d493cba8', 'v1_DNB1ax5fAw-UZWdwzK2-9dlrNRHneKLDBX24YVm-8b61dOgXhFotLAWFR3axumj3', 'research', 0, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, 'Research that takes for ever', '', '[]', NULL, '[]', 'Still in progress after 65 minutes, longer than Deep Research ever takes: it is probably stuck at Google. It is kept; check_research looks again. (interaction_id: v1_DNB1ax5fAw-UZWdwzK2-9dlrNRHneKLDBX24YVm-8b61dOgXhFotLAWFR3axumj3)', '2026-11-23T18:00:08.274273+00:00', '2026-11-23T18:00:08.853386+00:00', NULL, '2cd14d7d79844f118e67c793b41a6c81', '2026-11-23T18:01:09.474648+00:00');
INSERT INTO interactions VALUES ('28d6250236b318d3-d7925ff9bbc947c8b8b93dbf3f8fb20e', 'v1_PB8CBp42GcwAKQOpT7lJ4fm_Es7RgUqGlu8WEAXrkSKdG8SFj9-vhSMmoNNrSN86', 'research', 0, 'failed', NULL, 'deep-research-preview-04-2026', NULL, 'Research that is lost', '', '[]', NULL, '[]', 'Google keeps no interaction v1_PB8CBp42GcwAKQOpT7lJ4fm_Es7RgUqGlu8WEAXrkSKdG8SFj9-vhSMmoNNrSN86: the id is wrong, of another project''s key, deleted, or past its keeping time (55 days, 1 day on the free tier).', '2026-11-23T18:00:08.862078+00:00', '2026-11-23T18:00:09.415202+00:00', NULL, NULL, NULL);
INSERT INTO interactions VALUES ('8872fb52ccb38876-400ae32516cb4df891466499d4e6d4b5', 'v1_vyHygA-eIzg-ng3vs67h8NVUFmSBoC6ZsmRYyD9eUGOzCdzD28i2YQ5aRSa4vcz_', 'research', 1, 'completed', NULL, 'deep-research-preview-04-2026', NULL, 'Ferries of Norway', 'Emulated answer by deep-research-preview-04-2026 (no agent ran).

## Research plan

Topic: Ferries of Norway

1. Find the sources
2. Compare them
3. Write the report
Tools: google_search, url_context, code_execution.

', '[]', '{"total_input_tokens": 5, "total_output_tokens": 55, "total_thought_tokens": 8, "total_tool_use_tokens": 0, "total_cached_tokens": 0, "total_tokens": 68}', '[]', NULL, '2026-11-23T18:00:09.550630+00:00', '2026-11-23T18:00:09.668633+00:00', '2026-11-23T18:00:09.668602+00:00', '2cd14d7d79844f118e67c793b41a6c81', '2026-11-23T18:01:09.551830+00:00');
INSERT INTO interactions VALUES ('2c83b6f90e5091e1-e20130ad4a2b4578b1a7708fb2ac27b6', 'v1_fVLddj8s4rVHAWhniTfSpcO-IEK87uuh4B2spcVRm-MFFpa-Rz9tuEihA0UhcFkm', 'research', 0, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, 'Lighthouses of Brittany', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.673118+00:00', '2026-11-23T18:00:09.713060+00:00', NULL, '2cd14d7d79844f118e67c793b41a6c81', '2026-11-23T18:01:09.673326+00:00');
INSERT INTO interactions VALUES ('48cf561314cf6ebb-5d711addacff47bb93b403903a14c838', 'v1_QQP1BLw5w6tnFO5xg1BGrpZsWHC5q-GAXI94VWgxFg8OEq2e-nhQUF9Y8ryogTlF', 'research', 0, 'in_progress', NULL, 'deep-research-preview-04-2026', 'v1_vyHygA-eIzg-ng3vs67h8NVUFmSBoC6ZsmRYyD9eUGOzCdzD28i2YQ5aRSa4vcz_', 'Go ahead with it', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.716675+00:00', '2026-11-23T18:00:09.770251+00:00', NULL, '2cd14d7d79844f118e67c793b41a6c81', '2026-11-23T18:01:09.717014+00:00');
INSERT INTO interactions VALUES ('ea61074a4cc857d9-614c7fb76b134566b7747e0ee88651cb', 'v1_s1lV5UIbohS2cgkeGuhSMtPHULYkivJJnwS91TZgr5-fQv_Lsai3kTa_b573Wv_t', 'ask', 0, 'in_progress', 'gemini-3.8-flash', NULL, NULL, 'A slow answer', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.775645+00:00', '2026-11-23T18:00:09.804895+00:00', NULL, '2cd14d7d79844f118e67c793b41a6c81', '2026-11-23T18:01:09.776080+00:00');
INSERT INTO interactions VALUES ('foreign-85a2abe6734a416ca73ee6c3ca7da046', 'v1_z9xz2P7WSkSxdru12EQcUFtMnhFfYCCyrSmOpGKY27BzJieYR2XTrbXFOnmYHHjY', 'research', 0, 'in_progress', NULL, 'deep-research-preview-04-2026', NULL, '', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.851971+00:00', '2026-11-23T18:00:09.927199+00:00', NULL, '2cd14d7d79844f118e67c793b41a6c81', '2026-11-23T18:01:09.927261+00:00');
INSERT INTO interactions VALUES ('402b30e85370b7d4-cae1471c9c7440abb32a3dbd7d0492b7', '402b30e85370b7d4-cae1471c9c7440abb32a3dbd7d0492b7', 'ask', 0, 'unknown', 'gemini-3.8-flash', NULL, NULL, '', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.933695+00:00', '2026-11-23T18:00:09.933695+00:00', NULL, '2cd14d7d79844f118e67c793b41a6c81', '2026-11-23T18:01:09.933948+00:00');
INSERT INTO interactions VALUES ('16a02b660ed8fd71-ab23cd9891d9469a8c58d9e61a50e843', NULL, 'ask', 0, 'unknown', 'gemini-3.8-flash', NULL, NULL, 'A request on its way', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.978684+00:00', '2026-11-23T18:00:09.978684+00:00', NULL, '2cd14d7d79844f118e67c793b41a6c81', '2026-11-23T18:01:09.978887+00:00');
INSERT INTO interactions VALUES ('a3326ad19c54e34b-c1edcd7086c64d0ba5b56cc1b1180a32', NULL, 'research', 0, 'unknown', NULL, 'deep-research-preview-04-2026', NULL, 'Research by itself', '', '[]', NULL, '[]', NULL, '2026-11-23T18:00:09.998617+00:00', '2026-11-23T18:00:09.998617+00:00', NULL, '2cd14d7d79844f118e67c793b41a6c81', '2026-11-23T18:01:09.999409+00:00');
PRAGMA user_version = 1;
