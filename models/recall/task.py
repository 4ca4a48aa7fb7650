"""The task: find the key that a query means, then the value most often stored under it.

A sample is a sequence of records of two tokens.  Record 0 asks for a name,
twice.  One of the other records, a link, says which key the name stands for;
links of other names say the same of other keys.  The rest are facts: a record
holds two values of one key.  A few are about the key asked for, and their
values vote; the others are noise.  The answer is the value with the most
votes, never a tie.

Nothing about the answer is in record 0 or in any fixed place, so a network
without attention stays at chance.  The first look-up has one right place and
the second has several whose weights have to stay nearly equal, so pruning
that keeps only the strongest blocks loses votes.
"""

import numpy as np

NAMES = 6
KEYS = 8
VALUES = 6
LENGTH = 48
SHORTEST = 36

PAD = 0
QUERY = 1  # QUERY + name
LINK = QUERY + NAMES  # LINK + name * KEYS + key
FACT = LINK + NAMES * KEYS  # FACT + key * VALUES + value
VOCABULARY = FACT + KEYS * VALUES


def votes(rng, value):
    """The values stored under the key asked for, an even number; `value` leads by three."""
    count = 2 * int(rng.integers(4, 7))
    lead = count // 2 + 1
    rivals = rng.permutation(np.delete(np.arange(VALUES), value))[:2]
    others = rng.choice(rivals, count - lead)
    for rival in rivals:
        if (others == rival).sum() > lead - 3:
            return votes(rng, value)
    return rng.permutation(np.concatenate([[value] * lead, others]))


def sample(rng):
    """One sequence without its padding, and its answer."""
    length = int(rng.integers(SHORTEST, LENGTH + 1))
    names = rng.permutation(NAMES)[:4]
    keys = rng.permutation(KEYS)
    value = int(rng.integers(VALUES))
    links = np.repeat(LINK + names * KEYS + keys[:4], 2)
    asked = FACT + keys[0] * VALUES + votes(rng, value)
    noise = length - 2 - len(links) - len(asked)
    about = np.repeat(rng.choice(keys[1:], (noise + 1) // 2), 2)[:noise]
    others = FACT + about * VALUES + rng.integers(0, VALUES, noise)
    body = np.concatenate([links, asked, others])
    pairs = rng.permutation(len(body) // 2)
    body[:2 * len(pairs)] = body[:2 * len(pairs)].reshape(-1, 2)[pairs].reshape(-1)
    return np.concatenate([[QUERY + names[0]] * 2, body]), value


def batch(rng, count):
    """`count` samples: tokens [count, LENGTH], attention mask, answers."""
    tokens = np.full((count, LENGTH), PAD, np.int32)
    mask = np.zeros((count, LENGTH), np.int32)
    answers = np.zeros(count, np.int32)
    for i in range(count):
        row, answers[i] = sample(rng)
        tokens[i, :len(row)] = row
        mask[i, :len(row)] = 1
    return tokens, mask, answers
