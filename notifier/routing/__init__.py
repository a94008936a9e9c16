"""Who is told what: routes, silences, storms and their digests, acknowledgements, repeats."""
