//! What readers write.

/// Authors and texts of comments.
pub(super) const COMMENTS: [(&str, &str); 10] = [
    ("Grace", "The part about measuring first saved me a week."),
    ("", "Does this also hold with two writers?"),
    ("Edsger", "Short, and nothing is missing. Thank you."),
    ("Barbara", "We do the same at work, and came to the same numbers."),
    ("Ken", "I would have liked a picture of the second step."),
    ("", "There is a typo in the third paragraph."),
    ("Margaret", "I printed this and put it next to my desk."),
    ("Niklaus", "Less is more, as always."),
    ("Radia", "What happens if the clock goes back?"),
    ("Donald", "A fine text. I disagree with the last sentence."),
];
