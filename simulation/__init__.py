"""What a stream will do with a traffic, and what that costs, told before a cent is spent.

`question` is what is asked, checked whole; `workloads` makes seconds of it. `run` has the model
(ondemand/) go through them, `answers` finds what would do better, `price` what it costs by the
API's own reckoning, `result` is all of it as one JSON document, and `plot` its picture.
"""
