"""What became of a demo, told to people: one picture, one page, one table, one comparison.

Pure but for its writers. local, client and the simulator import it; it imports none of them.
"""
