// A request that one format has written is a request still, and another format can write it again.

#include "proxy/held_request.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/h1/client_codec.h"
#include "http/head_storage.h"

namespace seki::proxy {
namespace {

// What a format would be told.
struct Notes final : HeldRequest::Writer {
    void head(const http::RequestHead& head, bool end) override {
        text += fmt::format("{} {} {}{}\n", head.method_text, head.authority, head.path, end ? " end" : "");
        for (const http::Field& field : head.fields.all()) {
            if (!field.dropped) text += fmt::format("{}: {}\n", field.name, field.value);
        }
    }
    void body(std::string_view bytes) override { text += fmt::format("[{}]", bytes); }
    void end(const http::FieldTable* trailers) override {
        text += "end";
        if (trailers == nullptr) return;
        for (const http::Field& field : trailers->all()) text += fmt::format(" {}={}", field.name, field.value);
    }

    [[nodiscard]] bool failed() const override { return !has_room && !text.empty(); }

    std::string text;
    bool has_room = true;
};

struct HeldRequests : testing::Test {
    net::BufferPool buffers{net::BufferPool::Memory::map({}).value()};
    http::HeadStorage heads;
    http::HeadLimits limits;
    http::RequestHead head;
    HeldRequest held{
        HeldRequest::Written{buffers.try_acquire(), std::make_unique<http::h1::ClientCodec>(heads, limits)}};

    HeldRequests() {
        head.method = http::Method::post;
        head.method_text = "POST";
        head.path = "/path?query";
        head.authority = head.host = "example.org";
    }
    template <typename Write>
    void write(Write write) {
        http::Output out(held.written()->bytes->room().data(),
                         held.written()->bytes->room().data() + held.written()->bytes->room().size());
        write(out);
        held.written()->bytes->commit(out.size());
    }
    void write_head() {
        const http::AddedField added[] = {{"Added", "1"}};
        write([&](http::Output& out) { held.written()->codec->write_head(head, added, out); });
    }
    void write_body(std::string_view body) {
        write([&](http::Output& out) { held.written()->codec->write_body(1, body, out); });
    }
    std::string read() {
        Notes notes;
        held.write_to(notes);
        return notes.text;
    }
};

TEST_F(HeldRequests, have_their_head_with_what_was_added_to_it) {
    write_head();
    EXPECT_EQ(read(), "POST example.org /path?query end\nHost: example.org\nAdded: 1\n");
}

TEST_F(HeldRequests, have_a_body_as_far_as_it_is_there_and_need_their_buffer_no_more) {
    head.body = {http::BodyKind::length, 6};
    write_head();
    write_body("abc");
    const std::string head_text = "POST example.org /path?query\nHost: example.org\nAdded: 1\nContent-Length: 6\n";
    EXPECT_EQ(read(), head_text + "[abc]");
    EXPECT_EQ(read(), head_text + "[abc]");
    EXPECT_EQ(buffers.in_use(), 0U);
}

TEST_F(HeldRequests, have_the_end_of_a_body_that_is_there_in_full) {
    head.body = {http::BodyKind::length, 6};
    write_head();
    write_body("abcdef");
    EXPECT_TRUE(read().ends_with("\n[abcdef]end"));
}

TEST_F(HeldRequests, have_bodies_without_their_framing_and_with_their_trailers) {
    head.body.kind = http::BodyKind::chunked;
    write_head();
    write_body("abc");
    write_body("def");
    http::FieldTable trailers;
    trailers.add({.name = "Sum", .value = "6", .line = {}});
    write([&](http::Output& out) { held.written()->codec->write_end(1, &trailers, out); });
    EXPECT_EQ(read(), "POST example.org /path?query\nHost: example.org\nAdded: 1\n[abc][def]end Sum=6");
}

TEST_F(HeldRequests, may_be_a_head_alone) {
    head.fields.add({.name = "Gone", .value = "1", .line = {}, .dropped = true});
    head.fields.add({.name = "Kept", .value = "2", .line = {}});
    const http::AddedField added[] = {{"Added", "1"}};
    held = HeldRequest(*KeptRequest::keep(head, added, buffers));
    EXPECT_EQ(held.written(), nullptr);
    EXPECT_EQ(read(), "POST example.org /path?query end\nKept: 2\nAdded: 1\n");
}

TEST_F(HeldRequests, are_given_up_where_there_is_no_room_for_their_head) {
    head.body = {http::BodyKind::length, 3};
    write_head();
    write_body("abc");
    Notes notes;
    notes.has_room = false;
    held.write_to(notes);
    EXPECT_EQ(notes.text.find("abc"), std::string::npos);
}

}  // namespace
}  // namespace seki::proxy
