#include "config/file_text.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace seki::config {

Result<std::string> read_file_text(const std::string& path, size_t max_size) {
    const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.valid()) return failure("cannot open it: {}", system_error(errno));
    struct stat status{};
    if (fstat(file.get(), &status) != 0) return failure("cannot read it: {}", system_error(errno));
    if (!S_ISREG(status.st_mode)) return failure("it is not a regular file");
    std::string text;
    char piece[65'536];
    for (;;) {
        const ssize_t got = read(file.get(), piece, sizeof piece);
        if (got == 0) return text;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failure("cannot read it: {}", system_error(errno));
        text.append(piece, static_cast<size_t>(got));
        if (text.size() > max_size) return failure("it is larger than {} bytes", max_size);
    }
}

}  // namespace seki::config
