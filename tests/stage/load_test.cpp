// The configuration that a worker begins with (worker/load_snapshot.h).

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "command/sealed_frames.h"
#include "config/convert.h"
#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using command::SealedFrames;

worker::Prepare slice(const std::vector<command::Request>& changes) {
    worker::Prepare slice;
    for (const command::Request& change : changes) *slice.add_changes() = change;
    return slice;
}

SealedFrames::Memory snapshot(const std::vector<worker::Prepare>& slices) {
    auto writer = SealedFrames::Writer::create("test");
    for (const worker::Prepare& each : slices) EXPECT_TRUE(writer->append(each));
    return std::move(writer->seal().value());
}

worker::Report load(Stage& stage, UniqueFd memory, uint64_t bytes) {
    worker::Order order;
    order.mutable_load()->set_bytes(bytes);
    std::vector<UniqueFd> fds;
    if (memory.valid()) fds.push_back(std::move(memory));
    return stage.order(order, std::move(fds));
}

TEST(Load, puts_all_slices_into_force) {
    Stage stage;
    command::Request frontend = add_frontend("c", "a");
    config::fill_required(frontend);
    auto memory = snapshot({slice({frontend}), slice({add_backend("c", 1)})});
    ASSERT_TRUE(load(stage, std::move(memory.fd), memory.bytes).has_done());
    stage.network.listen(backend_address(1));
    const WirePtr client = stage.client(get("/"));
    const WirePtr backend = stage.backend(1);
    EXPECT_TRUE(backend->received().starts_with("GET / HTTP/1.1\r\nHost: a\r\n")) << client->received();
}

TEST(Load, of_nothing_is_done) {
    Stage stage;
    auto memory = snapshot({});
    EXPECT_TRUE(load(stage, std::move(memory.fd), memory.bytes).has_done());
}

TEST(Load, without_the_memory_is_refused) {
    Stage stage;
    EXPECT_EQ(load(stage, UniqueFd(), 0).refused().reason(), "no configuration came: too many descriptors are open");
}

TEST(Load, of_what_is_not_sealed_or_has_another_size_is_refused) {
    Stage stage;
    EXPECT_TRUE(load(stage, UniqueFd(::memfd_create("test", MFD_CLOEXEC)), 0).has_refused());
    auto memory = snapshot({slice({add_frontend("c", "a")})});
    EXPECT_TRUE(load(stage, std::move(memory.fd), memory.bytes - 1).has_refused());
}

TEST(Load, of_what_cannot_be_read_or_done_is_refused) {
    Stage stage;
    command::Request incomplete;
    incomplete.mutable_add_backend()->set_cluster_id("c");
    auto memory = snapshot({slice({incomplete})});
    EXPECT_EQ(load(stage, std::move(memory.fd), memory.bytes).refused().reason(),
              "a part of the configuration cannot be read");
    command::Request question;
    question.mutable_status();
    memory = snapshot({slice({question})});
    EXPECT_EQ(load(stage, std::move(memory.fd), memory.bytes).refused().reason(), "a worker cannot do Status");
}

}  // namespace
}  // namespace seki::stage
