#include "supervisor/snapshot_writer.h"

#include <utility>

#include "config/placed_certificate.h"

namespace seki::supervisor {

SnapshotWriter::SnapshotWriter(EventLoop& loop, const config::State& state, OnWritten on_written)
    : loop_(loop),
      walk_(state),
      on_written_(std::move(on_written)),
      frames_(command::SealedFrames::Writer::create("seki-snapshot")) {
    loop_.schedule(*this);
}

void SnapshotWriter::run() {
    const auto more = write_slice();
    if (!more) return on_written_(std::unexpected(more.error()));
    if (*more) return loop_.schedule(*this);
    on_written_(frames_->seal());
}

Result<bool> SnapshotWriter::write_slice() {
    if (!frames_) return std::unexpected(frames_.error());
    slice_.Clear();
    const auto place = [this](command::Request& request, const config::CertificateKey& key,
                              const config::StoredCertificate& certificate) {
        config::place_certificate(key, certificate, request, slice_);
    };
    bool more = true;
    for (size_t bytes = 0; more && bytes < slice_bytes && slice_.changes_size() < slice_changes;) {
        command::Request& change = *slice_.add_changes();
        more = walk_.next(change, place);
        bytes += change.ByteSizeLong();
    }
    if (!more) slice_.mutable_changes()->RemoveLast();
    if (slice_.changes().empty()) return more;
    if (auto written = frames_->append(slice_); !written) return std::unexpected(written.error());
    return more;
}

}  // namespace seki::supervisor
