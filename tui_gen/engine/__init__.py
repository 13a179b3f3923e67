"""Plans, performs, records and steers work of any kind; knows no job, no screen and no pixels."""
