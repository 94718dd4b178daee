#include "http/transcript.h"

#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>

namespace seki::http {

namespace {

std::string body_text(const Body& body) {
    switch (body.kind) {
        case BodyKind::none:
            return "none";
        case BodyKind::length:
            return fmt::format("{}", body.length);
        case BodyKind::chunked:
            return "chunked";
        case BodyKind::until_close:
            return "until_close";
    }
    return "?";
}

std::string fields_text(const FieldTable& fields) {
    std::string text;
    for (const Field& field : fields.all()) {
        if (!field.dropped) text += fmt::format(" {}={}", field.name, field.value);
    }
    return text;
}

// Joins the pieces of a body, so that the text does not depend on the cuts.
struct Transcript {
    std::string text;
    bool in_body = false;

    void line(const std::string& line) {
        if (in_body) text += "\n";
        in_body = false;
        text += line + "\n";
    }
    void body(std::string_view bytes) {
        if (!in_body) text += "body ";
        in_body = true;
        text += bytes;
    }
};

using WriteHead = std::function<std::string()>;

// True when the codec stopped for good.
bool note(Transcript& transcript, const Event& event, const FieldTable& trailers, const WriteHead& head) {
    switch (event.kind) {
        case Event::Kind::need_more:
        case Event::Kind::blocked:
            return true;
        case Event::Kind::interim:
            transcript.line("interim " + head());
            break;
        case Event::Kind::head:
            transcript.line("head " + head());
            break;
        case Event::Kind::body:
            transcript.body(event.body);
            break;
        case Event::Kind::end:
            transcript.line("end" + fields_text(trailers));
            return false;
        case Event::Kind::window:
            transcript.line("window");
            return false;
        case Event::Kind::reset:
            transcript.line("reset");
            return true;
        case Event::Kind::fault:
            transcript.line(fmt::format("fault {}", describe(event.fault)));
            return true;
    }
    if (event.end) transcript.line("end");
    return false;
}

// Gives the codec the bytes piece by piece, as a connection would. Returns whether it broke off.
template <typename AfterEvent>
void feed(Codec& codec, std::string_view input, size_t piece, Transcript& transcript, const WriteHead& head,
          AfterEvent after) {
    std::string unread;
    if (piece == 0) piece = std::max<size_t>(input.size(), 1);
    while (!input.empty()) {
        unread += input.substr(0, piece);
        input.remove_prefix(std::min(piece, input.size()));
        size_t used = 0;
        while (used < unread.size()) {
            const Event event = codec.next(std::string_view(unread).substr(used));
            used += event.consumed;
            const bool stop = note(transcript, event, codec.trailers(), head);
            after(event);
            if (event.kind == Event::Kind::fault) return;
            if (stop) break;
        }
        unread.erase(0, used);
    }
    const Event last = codec.next_at_end_of_input();
    note(transcript, last, codec.trailers(), head);
}

template <typename Read>
std::string every_way(std::string_view input, Read read) {
    const std::string whole = read(0);
    for (size_t piece = 1; piece < input.size(); ++piece) EXPECT_EQ(read(piece), whole) << "in pieces of " << piece;
    return whole;
}

}  // namespace

std::string read_requests(std::string_view input, size_t piece, HeadLimits limits) {
    Codecs codecs;
    codecs.limits = limits;
    Transcript transcript;
    const auto head = [&] {
        const RequestHead& request = codecs.server.head();
        return fmt::format("{} {} host={} body={}{}{}{}", request.method_text, request.path, request.host,
                           body_text(request.body), request.upgrade.empty() ? "" : " upgrade=", request.upgrade,
                           fields_text(request.fields));
    };
    feed(codecs.server, input, piece, transcript, head, [&](const Event& event) {
        if (event.end) codecs.server.finish(event.stream);
    });
    return transcript.text;
}

std::string read_responses(std::string_view input, size_t piece, Method method) {
    Codecs codecs;
    Transcript transcript;
    const auto head = [&] {
        const ResponseHead& response = codecs.client.head();
        return fmt::format("{} {} body={}{}", response.status, response.reason, body_text(response.body),
                           fields_text(response.fields));
    };
    RequestHead request;
    request.method = method;
    request.method_text = method == Method::head ? "HEAD" : "GET";
    request.path = "/";
    request.authority = "a";
    char bytes[256];
    Output out(bytes, bytes + sizeof bytes);
    codecs.client.write_head(request, {}, out);
    feed(codecs.client, input, piece, transcript, head, [](const Event&) {});
    transcript.line(codecs.client.persistent() ? "stays" : "goes");
    return transcript.text;
}

std::string read_requests_every_way(std::string_view input) {
    return every_way(input, [&](size_t piece) { return read_requests(input, piece); });
}

std::string read_responses_every_way(std::string_view input, Method method) {
    return every_way(input, [&](size_t piece) { return read_responses(input, piece, method); });
}

std::string write_request(std::string_view request, std::span<const AddedField> added) {
    Codecs codecs;
    EXPECT_EQ(codecs.server.next(request).kind, Event::Kind::head);
    char bytes[4096];
    Output out(bytes, bytes + sizeof bytes);
    codecs.client.write_head(codecs.server.head(), added, out);
    return {bytes, out.size()};
}

std::string pass_on(std::string_view request, std::string_view response, bool close) {
    Codecs codecs;
    EXPECT_EQ(codecs.server.next(request).kind, Event::Kind::head);
    char bytes[8192];
    Output towards_backend(bytes, bytes + sizeof bytes);
    codecs.client.write_head(codecs.server.head(), {}, towards_backend);

    Output out(bytes, bytes + sizeof bytes);
    const auto pass = [&](const Event& event) {
        switch (event.kind) {
            case Event::Kind::interim:
                codecs.server.write_interim(1, codecs.client.head(), out);
                break;
            case Event::Kind::head:
                codecs.server.write_head(1, codecs.client.head(), {}, close, out);
                break;
            case Event::Kind::body:
                codecs.server.write_body(1, event.body, out);
                break;
            case Event::Kind::end:
                codecs.server.write_end(1, &codecs.client.trailers(), out);
                return;
            default:
                return;
        }
        if (event.end) codecs.server.write_end(1, nullptr, out);
    };
    while (!response.empty()) {
        const Event event = codecs.client.next(response);
        if (event.kind == Event::Kind::fault || event.kind == Event::Kind::need_more) break;
        response.remove_prefix(event.consumed);
        pass(event);
    }
    pass(codecs.client.next_at_end_of_input());
    return {bytes, out.size()};
}

}  // namespace seki::http
