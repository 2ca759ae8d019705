"""What a process is made of: a lane for each queue and one for the api. Each builds the parts that roles ask for."""
