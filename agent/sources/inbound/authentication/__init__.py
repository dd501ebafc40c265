"""How a sender shows who it is: by a token, a signature, a certificate, or a path that nobody can guess."""
