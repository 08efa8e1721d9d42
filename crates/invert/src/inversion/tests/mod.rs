mod objective;
mod restart;
