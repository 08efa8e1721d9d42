mod measured;
mod objective;
mod restart;
