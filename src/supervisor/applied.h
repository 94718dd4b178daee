#pragma once

// Changes that the state has taken and that may still be taken back: what they displaced, what workers are to be told
// of them, and which listeners begin and end to listen when all of them are made. Usually it is one change; many are
// made like one.
//
// What counts for listening is what was before the first and what is after the last of them. A listener that is removed
// and added anew keeps its sockets, and one that takes the place of another kind at its address takes the sockets of
// that one over: whoever connects meanwhile is served by the one or the other.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/placed_certificate.h"
#include "config/state.h"
#include "supervisor/listening_sockets.h"
#include "worker.pb.h"

namespace seki::supervisor {

using CheckedChange = config::Checked<command::Request>;

class Applied {
public:
    // What a worker takes in one go: it serves its clients between two parts.
    struct Part {
        worker::Prepare order;
        std::vector<size_t> changes;    // which one each of the order's is for
        config::UsedSegments segments;  // that hold the bytes of its certificates
    };

    // Both outlive this.
    Applied(config::State& state, ListeningSockets& sockets) : state_(&state), sockets_(&sockets) {}

    // The next one, which is `number`. After an error all that was applied has to be taken back.
    Result<> apply(const CheckedChange& change, size_t number);

    // When all are applied: binds what is to listen. `really`: else it is only seen whether that could be done. The
    // error is about the change whose number is `failed`.
    Result<> open(bool really, size_t& failed);
    // Everything is as it was. What was opened stays open, for whoever may have copies.
    void take_back();

    // They left everything as it was.
    [[nodiscard]] bool empty() const noexcept { return parts_.empty(); }
    [[nodiscard]] std::span<const Part> parts() const noexcept { return parts_; }
    // Listeners that are open since open(), and those to be closed when the changes are made.
    [[nodiscard]] const std::vector<ListenerKey>& opens() const noexcept { return opens_; }
    [[nodiscard]] const std::vector<ListenerKey>& closes() const noexcept { return closes_; }

private:
    static constexpr int part_changes = 256;
    static constexpr size_t part_bytes = 128 * 1024;

    void order(const command::Request& change, size_t number);
    void add_order(command::Request order, size_t number);
    void add_certificate(const config::CertificateKey& key, size_t number);
    Part& part_to_fill();
    void note_listening(const command::Request& change, size_t number);
    Result<> open_one(const ListenerKey& key, bool really);
    [[nodiscard]] Result<> may_stay(const ListenerKey& key, const ListenerKey& open) const;

    config::State* state_;
    ListeningSockets* sockets_;
    std::vector<config::Undo> undos_;
    std::vector<Part> parts_;
    size_t last_part_bytes_ = 0;
    std::map<ListenerKey, size_t> touched_;  // by which change at last
    std::vector<ListenerKey> opens_;
    std::vector<ListenerKey> closes_;
};

// Whether there is a listener for a frontend that it adds or changes.
Result<> can_be_served(const config::State& state, const command::Request& change);

// Which listener a change activates; nothing when it is another change.
std::optional<ListenerKey> activates(const command::Request& change);

}  // namespace seki::supervisor
