#include "supervisor/pid_file.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace seki::supervisor {

namespace {

std::string own_number() { return std::to_string(::getpid()); }

bool names_us(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    std::array<char, 32> text{};
    const ssize_t size = fd.valid() ? ::read(fd.get(), text.data(), text.size()) : 0;
    return size > 0 && std::string_view(text.data(), static_cast<size_t>(size)) == own_number();
}

}  // namespace

Result<PidFile> PidFile::write(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644));
    if (!fd.valid()) return failure("{}: cannot write the pid file: {}", path, system_error(errno));
    struct stat about{};
    if (::fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
        return failure("{}: cannot write the pid file: it is not a regular file", path);
    }
    const std::string text = own_number();
    const ssize_t written = ::write(fd.get(), text.data(), text.size());
    if (written == static_cast<ssize_t>(text.size()) && ::ftruncate(fd.get(), written) == 0) return PidFile(path);
    const int error = written < 0 ? errno : ENOSPC;
    if (about.st_size == 0) ::unlink(path.c_str());  // what another instance wrote stays
    return failure("{}: cannot write the pid file: {}", path, system_error(error));
}

PidFile::~PidFile() {
    if (!path_.empty() && names_us(path_)) ::unlink(path_.c_str());
}

}  // namespace seki::supervisor
