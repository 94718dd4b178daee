#pragma once

// A wire format that nobody speaks, with numbered streams and resets, one line per event. It keeps exchanges honest:
// they must work with whatever says its events.
//
//     H 7 POST /path open     the head of a request on stream 7, with a body
//     B 7 hello               some of its body
//     E 7                     its end
//     R 7                     the client gives it up
//
// Answers: "h 7 200", "b 7 5" and five bytes, "e 7".

#include <fmt/format.h>
#include <string>

#include "http/codec.h"

namespace seki::stage {

class TextCodec final : public http::ServerCodec {
public:
    http::Event next(std::string_view input) override {
        const size_t end = input.find('\n');
        if (end == std::string_view::npos) return {};
        const std::string_view line = input.substr(0, end);
        const auto stream = static_cast<http::StreamId>(line[2] - '0');
        if (line[0] == 'H' && open_ != 0) return {.kind = Kind::blocked, .stream = stream};
        http::Event event{.kind = kind_of(line[0]), .stream = stream, .consumed = end + 1};
        if (event.kind == Kind::head) {
            event.end = !line.ends_with(" open");
            begin(line.substr(4), event.end);
        }
        if (event.kind == Kind::body) event.body = line.substr(4);
        if (event.kind == Kind::end) event.end = true;
        if (event.kind == Kind::head) open_ = stream;
        if (event.kind == Kind::reset) open_ = 0;
        if (event.end) complete_ = true;
        return event;
    }
    http::Event next_at_end_of_input() override { return {}; }
    [[nodiscard]] const http::FieldTable& trailers() const override { return none_; }
    [[nodiscard]] http::RequestHead& head() override { return head_; }

    void write_interim(http::StreamId, const http::ResponseHead&, http::Output&) override {}
    void write_head(http::StreamId stream, const http::ResponseHead& head, std::span<const http::AddedField>, bool,
                    http::Output& out) override {
        out.append(fmt::format("h {} {}\n", stream, head.status));
    }
    size_t write_body(http::StreamId stream, std::string_view body, http::Output& out) override {
        out.append(fmt::format("b {} {}\n{}\n", stream, body.size(), body));
        return body.size();
    }
    void write_end(http::StreamId stream, const http::FieldTable*, http::Output& out) override {
        out.append(fmt::format("e {}\n", stream));
    }

    [[nodiscard]] uint64_t incoming_raw(http::StreamId) const override { return 0; }
    bool take_raw(http::StreamId, uint64_t) override { return false; }
    [[nodiscard]] uint64_t outgoing_raw(http::StreamId) const override { return 0; }
    void sent_raw(http::StreamId, uint64_t) override {}
    [[nodiscard]] bool persistent() const override { return true; }
    void read_again(http::StreamId) override { open_ = 0; }
    [[nodiscard]] bool request_complete(http::StreamId) const override { return complete_; }
    void finish(http::StreamId) override { open_ = 0; }

private:
    using Kind = http::Event::Kind;

    static Kind kind_of(char letter) {
        switch (letter) {
            case 'H':
                return Kind::head;
            case 'B':
                return Kind::body;
            case 'E':
                return Kind::end;
            case 'R':
                return Kind::reset;
            default:
                return Kind::fault;
        }
    }
    void begin(std::string_view rest, bool end) {
        method_ = rest.substr(0, rest.find(' '));
        rest.remove_prefix(method_.size() + 1);
        path_ = rest.substr(0, rest.find(' '));
        head_ = {};
        head_.method = method_ == "POST"      ? http::Method::post
                       : method_ == "CONNECT" ? http::Method::connect
                                              : http::Method::get;
        head_.version = http::Version::http2;
        head_.method_text = method_;
        head_.path = path_;
        head_.host = head_.authority = "a";
        head_.body.kind = end ? http::BodyKind::none : http::BodyKind::chunked;
        complete_ = end;
    }

    http::RequestHead head_;
    http::FieldTable none_;
    std::string method_;
    std::string path_;
    http::StreamId open_ = 0;
    bool complete_ = false;
};

}  // namespace seki::stage
