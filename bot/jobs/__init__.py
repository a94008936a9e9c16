"""What runs by the clock: the table of jobs, the scheduler, and what each job does."""
