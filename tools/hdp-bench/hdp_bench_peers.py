"""What the peers of hdp-bench in Python share: one thread, and commands on standard input.

A command is a line, NAME and its arguments; every answer a JSON object on one line. Imported
before any framework is.
"""

import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
# Frameworks write to standard output what is no answer.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def timed(call):
    """What a call gives, and the processor time that it took."""
    start = time.process_time()
    result = call()
    return result, {"seconds": time.process_time() - start}


def serve(**commands):
    """Answers until the input ends."""
    for line in sys.stdin:
        name, *arguments = line.split()
        try:
            answer = commands[name](*arguments)
        except Exception as error:  # the answer says so, the other side decides
            answer = {"error": " ".join(str(error).split()) or type(error).__name__}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
