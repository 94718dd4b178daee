#include "config/file_draft.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

#include "base/random.h"

namespace seki::config {

FileTarget::FileTarget(std::string path_)
    : path(std::move(path_)), draft(fmt::format("{}.{:016x}", path, Random::from_kernel().next())) {}

void FileTarget::remove_draft() const { ::unlink(draft.c_str()); }

Result<FileDraft> FileDraft::begin(const FileTarget& target) {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    FileDraft draft(target, UniqueFd(::open(target.draft.c_str(), flags, 0600)));
    if (!draft.fd_.valid()) return failure("{}: cannot make a file beside it: {}", target.path, system_error(errno));
    return draft;
}

FileDraft::FileDraft(const FileTarget& target, UniqueFd fd) : target_(target), fd_(std::move(fd)) {}

FileDraft::~FileDraft() {
    if (fd_.valid()) target_.remove_draft();
}

// The owner first: to change it takes bits of the mode away.
Result<> FileDraft::resemble(const struct stat& other) {
    struct stat own{};
    if (::fstat(fd_.get(), &own) != 0) return failure("{}: cannot write it: {}", target_.path, system_error(errno));
    const bool is_ours = own.st_uid == other.st_uid && own.st_gid == other.st_gid;
    if (!is_ours && ::fchown(fd_.get(), other.st_uid, other.st_gid) != 0)
        return failure("{}: cannot leave it to its owner and group: {}", target_.path, system_error(errno));
    if (::fchmod(fd_.get(), other.st_mode & 07777U) != 0)
        return failure("{}: cannot keep its mode: {}", target_.path, system_error(errno));
    return {};
}

Result<> FileDraft::write(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd_.get(), text.data(), text.size());
        if (written < 0 && errno != EINTR) return failure("{}: cannot write it: {}", target_.path, system_error(errno));
        if (written > 0) text.remove_prefix(static_cast<size_t>(written));
    }
    return {};
}

// The name must not be on the disk before the bytes are.
Result<> FileDraft::finish() {
    if (::fsync(fd_.get()) != 0) return failure("{}: cannot write it: {}", target_.path, system_error(errno));
    if (::rename(target_.draft.c_str(), target_.path.c_str()) != 0)
        return failure("{}: cannot put it in its place: {}", target_.path, system_error(errno));
    fd_.reset();
    const std::string parent = std::filesystem::path(target_.path).parent_path().string();
    const std::string folder = parent.empty() ? "." : parent;
    const UniqueFd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.valid() || ::fsync(opened.get()) != 0)
        return failure("{}: it is written, but its name may not be: {}", target_.path, system_error(errno));
    return {};
}

}  // namespace seki::config
