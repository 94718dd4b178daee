#include "proxy/answers.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <optional>

#include "base/allocations.h"
#include "http/h1/head_parser.h"
#include "http/h1/server_codec.h"

namespace seki::proxy {
namespace {

using http::AnswerTemplate;
using http::Variable;

constexpr std::string_view id = "01HZX3J6T0000000000000000A";
constexpr uint16_t statuses[] = {301, 302, 307, 308, 400, 401, 404, 405, 408, 413, 414,
                                 421, 429, 431, 500, 501, 502, 503, 504, 505, 507};

AnswerParts parts_of(uint16_t status, std::string_view accept = {}) {
    AnswerParts parts{.status = status, .accept = accept, .id_header = "Sozu-Id"};
    parts.variables.set(Variable::request_id, id);
    parts.variables.set(Variable::cluster_id, "secret-cluster");
    parts.variables.set(Variable::backend_id, "secret-backend");
    parts.variables.set(Variable::message, "secret message");
    parts.variables.set(Variable::retry_after, "60");
    parts.variables.set(Variable::www_authenticate, "Basic realm=\"shop\"");
    parts.variables.set(Variable::redirect_location, "https://example.org/?a=1&b=\"2\"");
    return parts;
}

// The whole answer as the client of `request` gets it.
std::string sent(const AnswerParts& parts, std::string_view method = "GET", bool close = false) {
    http::HeadStorage storage;
    const http::HeadLimits limits;
    http::h1::ServerCodec codec(storage, limits);
    const auto event = codec.next(fmt::format("{} / HTTP/1.1\r\nHost: a\r\n\r\n", method));
    EXPECT_EQ(event.kind, http::Event::Kind::head);
    http::ResponseHead head;
    const OwnAnswer answer(head, parts);
    std::string bytes(300'000, '\0');
    http::Output out(bytes.data(), bytes.data() + bytes.size());
    codec.write_head(event.stream, answer.head(), answer.added(), close || answer.closes(), out);
    EXPECT_EQ(codec.write_body(event.stream, answer.body(), out), answer.body().size());
    codec.write_end(event.stream, nullptr, out);
    EXPECT_FALSE(out.overflow());
    bytes.resize(out.size());
    return bytes;
}

struct Answer {
    std::string fields;  // "Name: value\n" each
    std::string body;

    // "-": there is none
    [[nodiscard]] std::string field(std::string_view name) const {
        const std::string begin = fmt::format("\n{}: ", name);
        const std::string text = "\n" + fields;
        const size_t at = text.find(begin);
        if (at == std::string::npos) return "-";
        EXPECT_EQ(text.find(begin, at + 1), std::string::npos) << "twice: " << name;
        const size_t value = at + begin.size();
        return text.substr(value, text.find('\n', value) - value);
    }
};

Answer received(const AnswerParts& parts, std::string_view method = "GET") {
    const std::string bytes = sent(parts, method);
    http::ResponseHead head;
    const auto parsed = http::h1::parse_response_head(bytes, {.max_head_bytes = 65536}, head);
    EXPECT_EQ(parsed.outcome, http::h1::Parsed::Outcome::complete) << bytes;
    EXPECT_EQ(head.status, parts.status);
    Answer answer;
    for (const http::Field& field : head.fields.all())
        answer.fields += fmt::format("{}: {}\n", field.name, field.value);
    answer.body = bytes.substr(parsed.size);
    return answer;
}

AnswerTemplate parsed(uint16_t status, std::string_view text) {
    auto answer = AnswerTemplate::parse(status, text);
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    return *answer;
}

// ---- built in

TEST(BuiltInAnswers, say_status_and_request_in_the_type_that_the_client_likes) {
    for (const uint16_t status : statuses) {
        if (status < 400) continue;
        const std::string line = fmt::format("{} {}", status, reason_phrase(status));
        const Answer html = received(parts_of(status));
        EXPECT_EQ(html.field("Content-Type"), "text/html; charset=utf-8");
        EXPECT_EQ(html.body, fmt::format("<!doctype html>\n<html><head><title>{0}</title></head>\n<body><h1>{0}</h1>"
                                         "<p>request {1}</p></body></html>\n",
                                         line, id));
        const Answer json = received(parts_of(status, "application/json"));
        EXPECT_EQ(json.field("Content-Type"), "application/json");
        EXPECT_EQ(json.body, fmt::format("{{\"status\":{},\"reason\":\"{}\",\"request_id\":\"{}\"}}\n", status,
                                         reason_phrase(status), id));
        const Answer text = received(parts_of(status, "text/plain"));
        EXPECT_EQ(text.field("Content-Type"), "text/plain; charset=utf-8");
        EXPECT_EQ(text.body, fmt::format("{}\nrequest {}\n", line, id));
    }
}

TEST(BuiltInAnswers, of_redirects_link_to_the_new_place) {
    for (const uint16_t status : {301, 302, 307, 308}) {
        EXPECT_EQ(received(parts_of(status)).body,
                  fmt::format("<!doctype html>\n<html><head><title>{0} {1}</title></head>\n<body><h1>{0} {1}</h1>"
                              "<p>request {2}</p><p><a href=\"https://example.org/?a=1&amp;b=&quot;2&quot;\">"
                              "Continue</a></p></body></html>\n",
                              status, reason_phrase(status), id));
        EXPECT_EQ(received(parts_of(status, "application/json")).body,
                  fmt::format("{{\"status\":{},\"reason\":\"{}\",\"request_id\":\"{}\",\"location\":"
                              "\"https://example.org/?a=1\\u0026b=\\u00222\\u0022\"}}\n",
                              status, reason_phrase(status), id));
        EXPECT_EQ(
            received(parts_of(status, "text/plain")).body,
            fmt::format("{} {}\nrequest {}\nhttps://example.org/?a=1&b=\"2\"\n", status, reason_phrase(status), id));
    }
}

TEST(BuiltInAnswers, have_the_fields_of_their_status) {
    for (const uint16_t status : statuses) {
        SCOPED_TRACE(status);
        const Answer answer = received(parts_of(status));
        const bool lasts = status == 301 || status == 308;
        const auto only = [](bool here, std::string_view value) { return here ? std::string(value) : "-"; };
        EXPECT_NE(std::string_view(reason_phrase(status)), "Error");
        EXPECT_EQ(answer.field("Content-Length"), std::to_string(answer.body.size()));
        EXPECT_EQ(answer.field("Sozu-Id"), id);
        EXPECT_EQ(answer.field("Connection"), "-");
        EXPECT_EQ(answer.field("Cache-Control"), only(!lasts, "no-store"));
        EXPECT_EQ(answer.field("Vary"), only(lasts, "Accept"));
        EXPECT_EQ(answer.field("Location"), only(status < 400, "https://example.org/?a=1&b=\"2\""));
        EXPECT_EQ(answer.field("Retry-After"), only(status == 429 || status == 503, "60"));
        EXPECT_EQ(answer.field("WWW-Authenticate"), only(status == 401, "Basic realm=\"shop\""));
        EXPECT_EQ(answer.field("Allow"), only(status == 405, "GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE, PATCH"));
    }
}

TEST(BuiltInAnswers, leave_out_what_was_not_given) {
    for (const uint16_t status : statuses) {
        const Answer answer = received({.status = status});
        for (const std::string_view name : {"Location", "Retry-After", "WWW-Authenticate", "Sozu-Id"}) {
            EXPECT_EQ(answer.field(name), "-");
        }
        EXPECT_EQ(answer.body.find("request"), std::string::npos);
        EXPECT_EQ(answer.body.find("<a"), std::string::npos);
    }
}

TEST(BuiltInAnswers, name_the_request_under_the_name_that_the_operator_chose) {
    AnswerParts parts = parts_of(404);
    parts.id_header = "X-Trace";
    EXPECT_EQ(received(parts).field("X-Trace"), id);
    EXPECT_EQ(received(parts).field("Sozu-Id"), "-");
}

TEST(BuiltInAnswers, tell_nobody_what_is_inside) {
    for (const uint16_t status : statuses) {
        for (const std::string_view accept : {"text/html", "application/json", "text/plain"}) {
            EXPECT_EQ(sent(parts_of(status, accept)).find("secret"), std::string::npos);
        }
    }
}

TEST(BuiltInAnswers, let_no_value_end_its_line) {
    AnswerParts parts = parts_of(302);
    parts.variables.set(Variable::redirect_location, "https://a/\r\nSet-Cookie: b=c");
    EXPECT_EQ(received(parts).field("Location"), "-");
    parts = parts_of(401);
    parts.variables.set(Variable::www_authenticate, "Basic realm=\"\n\"");
    EXPECT_EQ(received(parts).field("WWW-Authenticate"), "-");
    parts = parts_of(503);
    parts.variables.set(Variable::retry_after, "1\r\n\r\n");
    EXPECT_EQ(received(parts).field("Retry-After"), "-");
}

TEST(BuiltInAnswers, of_redirects_to_a_long_place_do_without_the_link) {
    const std::string place = "https://example.org/" + std::string(8000, 'a');
    for (const std::string_view accept : {"text/html", "application/json", "text/plain"}) {
        AnswerParts parts = parts_of(308, accept);
        parts.variables.set(Variable::redirect_location, place);
        const Answer answer = received(parts);
        EXPECT_EQ(answer.field("Location"), place);
        EXPECT_EQ(answer.body.find("example.org"), std::string::npos);
        EXPECT_NE(answer.body.find(id), std::string::npos);
    }
}

TEST(BuiltInAnswers, fit_beside_a_link_of_any_length) {
    for (size_t length = 1; length < 2500; ++length) {
        const std::string place(length, length % 3 == 0 ? '&' : 'a');
        for (const std::string_view accept : {"text/html", "application/json", "text/plain"}) {
            AnswerParts parts{.status = 301, .accept = accept};
            parts.variables.set(Variable::redirect_location, place);
            http::ResponseHead head;
            const OwnAnswer answer(head, parts);
            ASSERT_LE(answer.body().size(), 2048U);
            ASSERT_TRUE(answer.body().ends_with(accept == "text/html"          ? "</body></html>\n"
                                                : accept == "application/json" ? "\"}\n"
                                                                               : "\n"));
        }
    }
}

TEST(BuiltInAnswers, allocate_nothing) {
    static http::ResponseHead head;
    const size_t before = allocations();
    for (const uint16_t status : statuses) {
        for (const std::string_view accept : {"text/html", "application/json", "text/plain"}) {
            const OwnAnswer answer(head, parts_of(status, accept));
            ASSERT_FALSE(answer.body().empty());
        }
    }
    EXPECT_EQ(allocations(), before);
    EXPECT_GT(before, 0U);
}

TEST(BuiltInAnswers, to_head_tell_the_length_of_the_body_that_they_leave_out) {
    for (const uint16_t status : statuses) {
        const Answer get = received(parts_of(status), "GET");
        const Answer head = received(parts_of(status), "HEAD");
        EXPECT_EQ(head.body, "");
        EXPECT_EQ(head.fields, get.fields);
    }
}

TEST(BuiltInAnswers, keep_the_connection) {
    http::ResponseHead head;
    EXPECT_FALSE(OwnAnswer(head, parts_of(404)).closes());
}

// ---- written by an operator

TEST(CustomAnswers, go_before_the_built_in_ones) {
    const AnswerTemplate custom = parsed(503,
                                         "HTTP/1.1 503 Closed for lunch\nContent-Type: text/plain\nRetry-After: "
                                         "%RETRY_AFTER\nX-Where: %CLUSTER_ID\n\n%REQUEST_ID is to come back\n");
    AnswerParts parts = parts_of(503, "application/json");
    parts.custom = &custom;
    EXPECT_EQ(sent(parts),
              fmt::format("HTTP/1.1 503 Closed for lunch\r\nContent-Type: text/plain\r\nRetry-After: 60\r\n"
                          "X-Where: secret-cluster\r\nContent-Length: {1}\r\nSozu-Id: {0}\r\n\r\n"
                          "{0} is to come back\n",
                          id, id.size() + 17));
}

TEST(CustomAnswers, say_the_true_length_whatever_the_template_says) {
    for (const std::string_view length : {"", "Content-Length: 999\n", "Content-Length: 1\nContent-Length: 2\n"}) {
        const AnswerTemplate custom = parsed(404, fmt::format("HTTP/1.1 404 x\n{}\n[%REQUEST_ID]", length));
        AnswerParts parts = parts_of(404);
        parts.custom = &custom;
        EXPECT_EQ(received(parts).field("Content-Length"), "28");
        EXPECT_EQ(received(parts).body, fmt::format("[{}]", id));
        EXPECT_EQ(received(parts, "HEAD").field("Content-Length"), "28");
        EXPECT_EQ(received(parts, "HEAD").body, "");
    }
}

TEST(CustomAnswers, may_have_no_body) {
    const AnswerTemplate custom = parsed(404, "HTTP/1.1 404 Not Found\n\n");
    AnswerParts parts = parts_of(404);
    parts.custom = &custom;
    EXPECT_EQ(sent(parts), fmt::format("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nSozu-Id: {}\r\n\r\n", id));
    const AnswerTemplate empty = parsed(204, "HTTP/1.1 204 No Content\n\n");
    parts.status = 204;
    parts.custom = &empty;
    EXPECT_EQ(received(parts).field("Content-Length"), "-");
}

TEST(CustomAnswers, close_the_connection_when_they_say_so) {
    const AnswerTemplate custom = parsed(400, "HTTP/1.1 400 x\nConnection: close\n\n");
    AnswerParts parts = parts_of(400);
    parts.custom = &custom;
    http::ResponseHead head;
    EXPECT_TRUE(OwnAnswer(head, parts).closes());
    EXPECT_EQ(received(parts).field("Connection"), "close");
}

TEST(CustomAnswers, name_the_request_once) {
    const AnswerTemplate named = parsed(404, "HTTP/1.1 404 x\nsozu-id: custom %REQUEST_ID\n\n");
    AnswerParts parts = parts_of(404);
    parts.custom = &named;
    const Answer answer = received(parts);
    EXPECT_EQ(answer.field("sozu-id"), fmt::format("custom {}", id));
    EXPECT_EQ(answer.field("Sozu-Id"), "-");
}

TEST(CustomAnswers, have_what_their_status_must_have) {
    const AnswerTemplate without = parsed(405, "HTTP/1.1 405 x\n\n");
    const AnswerTemplate with = parsed(405, "HTTP/1.1 405 x\nallow: GET\n\n");
    AnswerParts parts = parts_of(405);
    parts.custom = &without;
    EXPECT_EQ(received(parts).field("Allow"), "GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE, PATCH");
    parts.custom = &with;
    EXPECT_EQ(received(parts).field("allow"), "GET");
    EXPECT_EQ(received(parts).field("Allow"), "-");
}

TEST(CustomAnswers, of_the_largest_size_are_sent_whole) {
    std::string fields;
    for (size_t i = 0; i < AnswerTemplate::max_fields; ++i) fields += fmt::format("X-{}: %REQUEST_ID\n", i);
    const std::string head = "HTTP/1.1 404 Not Found\n" + fields + "\n";
    const AnswerTemplate custom = parsed(404, head + std::string(AnswerTemplate::max_size - head.size(), 'a'));
    AnswerParts parts = parts_of(404);
    parts.custom = &custom;
    const Answer answer = received(parts);
    EXPECT_EQ(answer.body, std::string(AnswerTemplate::max_size - head.size(), 'a'));
    EXPECT_EQ(answer.field("X-63"), id);
}

// ---- bare

TEST(BareAnswers, are_whole_and_close_the_connection) {
    EXPECT_EQ(bare_answer(400),
              "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
              "Content-Length: 16\r\nConnection: close\r\n\r\n400 Bad Request\n");
    EXPECT_EQ(bare_answer(503).data(), bare_answer(503).data());
}

}  // namespace
}  // namespace seki::proxy
