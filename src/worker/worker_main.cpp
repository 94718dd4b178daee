#include "worker/worker_main.h"

#include <signal.h>

#include "event/signals.h"
#include "worker/process.h"

namespace seki::worker {

int worker_main(int id, int channel_fd) {
    ignore_broken_pipes();
    // The end of a worker is ordered by its supervisor, also when a terminal or an init system signals the whole group.
    for (const int number : {SIGINT, SIGTERM}) ::signal(number, SIG_IGN);
    Process process(id, UniqueFd(channel_fd));
    return process.run();
}

}  // namespace seki::worker
