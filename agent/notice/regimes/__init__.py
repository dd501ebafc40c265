"""The pack of regimes: data, its signature, and what it says."""
