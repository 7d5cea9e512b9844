"""Made-up address bases in six styles, questions whose answers are known, and how well the base answers.

Nothing here looks into the code that it judges: what a question asks for, and whether it has one certain
answer, is decided by the plan of the made-up town alone. Questions that a person could argue about are not
asked.
"""
