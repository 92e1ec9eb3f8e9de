"""The states and outcomes of a retention case."""

NEW, ANALYSED, PROPOSED, CONSIDERING, DOING, WATCH, CLOSED = (
    "new",
    "analysed",
    "proposed",
    "considering",
    "doing",
    "watch",
    "closed",
)
STATES = [
    (NEW, "New"),
    (ANALYSED, "Reason heard"),
    (PROPOSED, "Offer made"),
    (CONSIDERING, "Considering"),
    (DOING, "To be done"),
    (WATCH, "In watch"),
    (CLOSED, "Closed"),
]
# The customer has not decided yet.
TALKING = (NEW, ANALYSED, PROPOSED, CONSIDERING)
OPEN_STATES = (*TALKING, DOING, WATCH)
SAVED, LOST, REFUSED, WITHDRAWN, NO_ANSWER = (
    "saved",
    "lost_after_watch",
    "refused",
    "withdrawn",
    "no_answer",
)
OUTCOMES = [
    (SAVED, "Saved"),
    (LOST, "Lost after all"),
    (REFUSED, "Not saved"),
    (WITHDRAWN, "Taken back by the customer"),
    (NO_ANSWER, "Never answered"),
]
