#include "worker/worker_main.h"

#include <array>
#include <signal.h>
#include <sys/stat.h>

#include "base/inherited.h"
#include "event/signals.h"
#include "worker/process.h"

namespace seki::worker {

int worker_main(int id, int channel_fd) {
    ::umask(022);
    ignore_failing_writes();
    // The end of a worker is ordered by its supervisor, also when a terminal or an init system signals the whole group.
    // So is that logs are opened again.
    ignore_signals(std::array{SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1});
    ignore_signals(meaningless_signals());
    block_only({});  // until here all were (launcher.cpp)
    Process process(id, UniqueFd(channel_fd));
    return process.run();
}

}  // namespace seki::worker
