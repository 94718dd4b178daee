#pragma once

// What the connections with streams of either end share: one outbox for all their exchanges. Ends of messages for which
// it has no room wait aside and go first when there is some; frames of the codec's own follow these, and need no
// exchange. Its buffer is the exchanges', as long as there is one.

#include <deque>
#include <string>
#include <string_view>

#include "proxy/side.h"

namespace seki::proxy {

class StreamOutbox {
public:
    explicit StreamOutbox(Context& context) noexcept : context_(context) {}

    void keep_end(std::string_view end) { late_.emplace_back(end); }
    // An end waits.
    [[nodiscard]] bool late() const noexcept { return !late_.empty(); }
    // Writes and sends what there is room for, each whole, since others write in between. `reserved`: exchanges are
    // there whose buffer it may be. True when frames of the codec's own went: it may have read no more before.
    void write_late(Side& side, bool reserved);
    bool write_own_frames(Side& side, bool reserved);
    // The last exchange goes, and its reservation with it; what it has written stays.
    void transfer_reservation(net::Session& session) noexcept;

private:
    // Where `bytes` find room. What needs no exchange is sent from a small buffer when there is none. Null: not even
    // that is to be had now.
    [[nodiscard]] net::Buffer* buffer(net::Session& session, bool reserved, size_t bytes);

    Context& context_;
    std::deque<std::string> late_;
};

}  // namespace seki::proxy
