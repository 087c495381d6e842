"""What tools answer: texts in pages, previews and links, lists, and what to call next."""
