"""`make bench`: how fast the project's parts are, beside what people would use instead.

A goal that is missed is printed, never a failure: time is measured, not tested. A wrong answer is a failure.
"""
