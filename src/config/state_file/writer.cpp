#include "config/state_file/writer.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/random.h"
#include "base/unique_fd.h"
#include "config/convert.h"
#include "config/state_file/serde.h"

namespace seki::config {
namespace {

constexpr size_t piece_bytes = size_t{1} << 20U;

// The file that becomes the one at `path` when it is whole; until then it has another name, and none when this goes.
class Draft {
public:
    static Result<Draft> begin(const StateTarget& target) {
        constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
        Draft draft(target, UniqueFd(::open(target.draft.c_str(), flags, 0600)));
        if (!draft.fd_.valid())
            return failure("{}: cannot make a file beside it: {}", target.path, system_error(errno));
        return draft;
    }
    Draft(Draft&& other) noexcept = default;
    Draft& operator=(Draft&&) = delete;
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;
    ~Draft() {
        if (fd_.valid()) target_.remove_draft();
    }

    Result<> write(std::string_view text) {
        while (!text.empty()) {
            const ssize_t written = ::write(fd_.get(), text.data(), text.size());
            if (written < 0 && errno != EINTR)
                return failure("{}: cannot write it: {}", target_.path, system_error(errno));
            if (written > 0) text.remove_prefix(static_cast<size_t>(written));
        }
        return {};
    }

    // The name must not be on the disk before the bytes are.
    Result<> finish() {
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

private:
    Draft(const StateTarget& target, UniqueFd fd) : target_(target), fd_(std::move(fd)) {}

    StateTarget target_;
    UniqueFd fd_;
};

void leave_out_keys(command::HttpsListenerConfig& listener) {
    listener.clear_certificate();
    listener.clear_certificate_chain();
    listener.clear_key();
}

void leave_out_keys(command::Cluster& cluster) {
    if (!cluster.has_tls()) return;
    cluster.mutable_tls()->clear_certificate();
    cluster.mutable_tls()->clear_certificate_chain();
    cluster.mutable_tls()->clear_key();
}

}  // namespace

bool leave_out_keys(command::Request& change) {
    if (change.has_add_https_listener()) leave_out_keys(*change.mutable_add_https_listener());
    if (change.has_add_cluster()) leave_out_keys(*change.mutable_add_cluster());
    return !change.has_add_certificate() && !change.has_set_tls_ticket_secret();
}

Snapshot::FillCertificate certificates_filled(bool without_keys) {
    if (!without_keys) return nullptr;
    return [](command::Request& request, const CertificateKey&, const StoredCertificate&) {
        request.mutable_add_certificate();
    };
}

void append_record(std::string& text, StateForm form, uint64_t number, command::Request change) {
    command::WorkerRequest record;
    record.set_id(fmt::format("SAVE-{}", number));
    *record.mutable_content() = std::move(change);
    if (form == StateForm::json) {
        text += json_text(to_json(record, Spelling::serde));
        text.append("\n\0", 2);
        return;
    }
    command::InitialState one;
    one.mutable_requests()->Add(std::move(record));
    one.AppendPartialToString(&text);
}

StateTarget::StateTarget(std::string path_)
    : path(std::move(path_)), draft(fmt::format("{}.{:016x}", path, Random::from_kernel().next())) {}

void StateTarget::remove_draft() const { ::unlink(draft.c_str()); }

Result<uint64_t> write_state(const State& state, const StateTarget& target, bool without_keys) {
    const std::string& path = target.path;
    struct stat there{};
    if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode))
        return failure("{}: it is not a regular file", path);
    auto draft = Draft::begin(target);
    if (!draft) return std::unexpected(draft.error());
    const StateForm form = state_form(path);
    Snapshot walk(state);
    std::string text;
    uint64_t records = 0;
    const Snapshot::FillCertificate fill = certificates_filled(without_keys);
    for (command::Request change; walk.next(change, fill); change.Clear()) {
        if (without_keys && !leave_out_keys(change)) continue;
        append_record(text, form, records++, std::move(change));
        if (text.size() < piece_bytes) continue;
        if (auto written = draft->write(text); !written) return std::unexpected(written.error());
        text.clear();
    }
    if (auto written = draft->write(text); !written) return std::unexpected(written.error());
    if (auto finished = draft->finish(); !finished) return std::unexpected(finished.error());
    return records;
}

}  // namespace seki::config
