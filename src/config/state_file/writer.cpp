#include "config/state_file/writer.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <sys/stat.h>
#include <utility>

#include "config/convert.h"
#include "config/state_file/serde.h"

namespace seki::config {
namespace {

constexpr size_t piece_bytes = size_t{1} << 20U;

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

Result<uint64_t> write_state(const State& state, const FileTarget& target, bool without_keys) {
    const std::string& path = target.path;
    struct stat there{};
    if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode))
        return failure("{}: it is not a regular file", path);
    auto draft = FileDraft::begin(target);
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
