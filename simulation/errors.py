"""What can't be simulated, as a type that is there also where the model's own libraries aren't."""


class BadQuestion(ValueError):
    """What can't be simulated; the message names everything that is wrong with it."""
