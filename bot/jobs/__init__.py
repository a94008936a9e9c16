"""What runs by itself: the table of jobs, the scheduler, what each job does, and the executor."""
