#include "base/print_error.h"

#include <cerrno>
#include <sys/uio.h>
#include <unistd.h>

namespace seki {

namespace {

bool write_all(std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written > 0) {
            text.remove_prefix(static_cast<size_t>(written));
        } else if (written == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

}  // namespace

// In one write, so that the lines of several processes stay apart.
void print_error(std::string_view line) noexcept {
    // Not changed by writev(2).
    const iovec parts[] = {{const_cast<char*>(line.data()), line.size()}, {const_cast<char*>("\n"), 1}};
    const ssize_t written = ::writev(STDERR_FILENO, parts, 2);
    if (written < 0) return;
    const auto done = static_cast<size_t>(written);
    if (done < line.size() && !write_all(line.substr(done))) return;
    if (done <= line.size()) write_all("\n");
}

}  // namespace seki
