#pragma once

// The role of a worker process: started by the supervisor with the number of a worker and one end of a socket pair,
// over which it gets its orders (worker.proto). Returns the exit code. When the supervisor is gone it serves what it
// has and ends.

namespace seki::worker {

int worker_main(int id, int channel_fd);

}  // namespace seki::worker
