"""What views show: the app's assets, put together. A stand-in."""
