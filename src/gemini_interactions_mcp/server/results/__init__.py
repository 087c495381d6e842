"""The results of tools: paged texts, previews and links, lists, and which call to make next."""
