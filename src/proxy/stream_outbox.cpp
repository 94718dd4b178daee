#include "proxy/stream_outbox.h"

namespace seki::proxy {

net::Buffer* StreamOutbox::buffer(net::Session& session, bool reserved, size_t bytes) {
    net::BufferPtr& unsent = session.unsent();
    if (unsent == nullptr && reserved) unsent = context_.buffers.acquire();
    if (unsent == nullptr && bytes <= context_.buffers.small_size()) unsent = context_.buffers.acquire_small();
    if (unsent == nullptr) unsent = context_.buffers.try_acquire();
    return unsent != nullptr && unsent->room().size() >= bytes ? unsent.get() : nullptr;
}

void StreamOutbox::write_late(Side& side, bool reserved) {
    while (!late_.empty()) {
        net::Buffer* const into = buffer(side.session(), reserved, late_.front().size());
        if (into == nullptr) return;
        into->append(late_.front());
        late_.pop_front();
        side.flush();
    }
}

bool StreamOutbox::write_own_frames(Side& side, bool reserved) {
    http::Codec& codec = side.codec();
    bool went = false;
    while (codec.own_frames() > 0 && late_.empty()) {
        net::Buffer* const into = buffer(side.session(), reserved, 1);
        if (into == nullptr) break;
        http::Output out(into->room().data(), into->room().data() + into->room().size());
        codec.write_own_frames(out);
        if (out.size() == 0) break;
        into->commit(out.size());
        side.flush();
        went = true;
    }
    return went;
}

void StreamOutbox::transfer_reservation(net::Session& session) noexcept {
    if (session.unsent() != nullptr) context_.buffers.transfer_reservation(*session.unsent());
}

}  // namespace seki::proxy
