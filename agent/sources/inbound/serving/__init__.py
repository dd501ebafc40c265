"""The HTTP side: what senders call, who of the settings they are, and how their requests are bounded and answered."""
