// Whatever one worker tells another of the connections that it gives (worker.proto, Moved), even if somebody has taken
// it over: the other one takes them or refuses them, and serves its own clients.

#include <cstdint>
#include <cstdlib>
#include <gtest/gtest.h>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "command/channel.h"
#include "stage/message.h"
#include "stage/moving_tunnel.h"

namespace seki::stage {
namespace {

constexpr size_t most_descriptors = 6;

// The worker that gives: says what the input has, and hears nothing.
class Giver final : private command::Channel::Owner {
public:
    Giver(EventLoop& loop, UniqueFd socket)
        : channel_(loop, std::move(socket), command::Channel::Limits::between_workers(), *this) {}

    // The descriptors are ends of sockets whose other ends stay open here.
    void give(worker::Moved& moved) {
        std::vector<UniqueFd> fds;
        const size_t count = std::min<size_t>(moved.descriptors(), most_descriptors);
        while (fds.size() < count) {
            auto [theirs, ours] = socket_pair();
            fds.push_back(std::move(theirs));
            ends_.push_back(std::move(ours));
        }
        moved.set_descriptors(static_cast<uint32_t>(count));
        std::ignore = channel_.send(moved, std::move(fds));  // the other one may have hung up
    }

private:
    void on_frame(std::string_view) override {}
    void on_malformed(const std::string&) override {}
    void on_closed(const std::string&) override {}

    command::Channel channel_;
    std::vector<UniqueFd> ends_;
};

void serve_a_client(TunnelScene& scene) {
    const WirePtr client = scene.client(get());
    if (!scene.has_connection(1)) return;  // it got one that moved
    const WirePtr backend = scene.backend(1);
    backend->send(answer("served"));
    scene.settle();
    if (take_answer(client).body != "served") std::abort();
}

// A byte of a length, and as many bytes; lengths above 250 take a second byte.
class Pieces {
public:
    explicit Pieces(std::string_view input) : rest_(input) {}

    std::optional<std::string_view> next() {
        if (rest_.empty()) return {};
        size_t size = take();
        if (size > 250 && !rest_.empty()) size = (size - 250) * 256 + take();
        const std::string_view piece = rest_.substr(0, size);
        rest_.remove_prefix(piece.size());
        return piece;
    }

private:
    size_t take() {
        const auto byte = static_cast<uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return byte;
    }

    std::string_view rest_;
};

}  // namespace
}  // namespace seki::stage

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    // What the stage expects of a worker when it ends is expected here, too.
    GTEST_FLAG_SET(throw_on_failure, true);
    seki::stage::TunnelScene scene;
    auto [ours, its] = seki::stage::socket_pair();
    if (!seki::stage::take_over(scene, std::move(its))) std::abort();
    {
        seki::stage::Giver giver(scene.loop, std::move(ours));
        seki::stage::Pieces pieces({reinterpret_cast<const char*>(data), size});
        while (const auto piece = pieces.next()) {
            seki::worker::Moved moved;
            if (!moved.ParsePartialFromArray(piece->data(), static_cast<int>(piece->size()))) continue;
            giver.give(moved);
            scene.settle();
        }
        seki::stage::serve_a_client(scene);
    }
    scene.pass(std::chrono::seconds(61));
    return 0;
}
