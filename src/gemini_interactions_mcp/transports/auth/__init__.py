"""Who may use the server through a network: tokens, OAuth, and the guard that asks for them."""
