"""Whether a user agent is a person's or a machine's, and why.

A *rule* is a pattern with a name and examples, in the tables of `evidence/`. What browsers say of themselves, and
names of phones, apps and browsers that merely look like a machine's, are taken out of an agent first; the rest is
searched for evidence of a machine.
"""
