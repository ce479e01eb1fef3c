"""What tests share: the program, servers, a virtual clock, whole journeys."""
