#include "http/answer_template.h"

#include <gtest/gtest.h>

namespace seki::http {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

struct Rendered {
    std::string fields;  // "Name=value\n" each
    std::string body;
};

Rendered render(const AnswerTemplate& answer, const Variables& variables) {
    FieldTable fields;
    std::string text;
    Rendered result;
    result.body = answer.render(variables, fields, text);
    for (const Field& field : fields.all()) {
        EXPECT_EQ(field.id, field_id(field.name));
        EXPECT_FALSE(field.dropped);
        result.fields += fmt::format("{}={}\n", field.name, field.value);
    }
    return result;
}

Variables some_values() {
    Variables values;
    values.set(Variable::route, "example.org/<b>");
    values.set(Variable::request_id, "01REQUEST");
    values.set(Variable::cluster_id, "shop");
    values.set(Variable::path, "/?q=\"'&");
    return values;
}

Rendered render(uint16_t status, std::string_view text, const Variables& variables = some_values()) {
    const auto answer = AnswerTemplate::parse(status, text);
    EXPECT_TRUE(answer) << text << ": " << (answer ? "" : answer.error().message);
    return answer ? render(*answer, variables) : Rendered{};
}

std::string body_of(std::string_view body, const Variables& variables = some_values()) {
    return render(404, "HTTP/1.1 404 Not Found\nContent-Type: text/plain\n\n"s + std::string(body), variables).body;
}

std::string fields_of(std::string_view fields, const Variables& variables = some_values()) {
    return render(404, "HTTP/1.1 404 Not Found\n" + std::string(fields) + "\n", variables).fields;
}

std::string refusal(uint16_t status, std::string_view text) {
    const auto answer = AnswerTemplate::parse(status, text);
    return answer ? "taken" : answer.error().message;
}

std::string body_refusal(std::string_view body) {
    return refusal(404, "HTTP/1.1 404 Not Found\nA: b\n\n" + std::string(body));
}

std::string field_refusal(std::string_view fields) {
    return refusal(404, "HTTP/1.1 404 Not Found\n" + std::string(fields) + "\n\n");
}

// ---- the text as a whole

TEST(AnswerTemplate, is_a_response_with_status_line_fields_and_body) {
    const auto answer = AnswerTemplate::parse(503, "HTTP/1.1 503 Come back later\r\nX-A: 1\r\nx-b:  2 \r\n\r\nhello\n");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status(), 503);
    EXPECT_EQ(answer->reason(), "Come back later");
    EXPECT_FALSE(answer->closes());
    const Rendered rendered = render(*answer, {});
    EXPECT_EQ(rendered.fields, "X-A=1\nx-b=2\n");
    EXPECT_EQ(rendered.body, "hello\n");
}

TEST(AnswerTemplate, takes_either_line_end_in_the_head_and_leaves_the_body_as_it_is) {
    for (const std::string_view text : {"HTTP/1.1 404 Not Found\nA: 1\nB: 2\n\na\nb\r\nc\r",
                                        "HTTP/1.1 404 Not Found\r\nA: 1\r\nB: 2\r\n\r\na\nb\r\nc\r",
                                        "HTTP/1.1 404 Not Found\r\nA: 1\nB: 2\r\n\na\nb\r\nc\r"}) {
        const Rendered rendered = render(404, text);
        EXPECT_EQ(rendered.fields, "A=1\nB=2\n");
        EXPECT_EQ(rendered.body, "a\nb\r\nc\r");
    }
}

TEST(AnswerTemplate, may_have_no_reason_no_fields_and_no_body) {
    const Rendered rendered = render(404, "HTTP/1.1 404\n\n");
    EXPECT_EQ(rendered.fields, "");
    EXPECT_EQ(rendered.body, "");
    EXPECT_EQ(render(204, "HTTP/1.1 204 No Content\n\n").body, "");
}

TEST(AnswerTemplate, keeps_bytes_of_any_value_in_its_body) {
    std::string bytes;
    for (int code = 0; code < 256; ++code) bytes += static_cast<char>(code);
    EXPECT_EQ(body_of(bytes), bytes);
}

TEST(AnswerTemplate, is_refused_where_it_is_no_answer) {
    const std::string no_status_line = "line 1: not a line such as 'HTTP/1.1 503 Service Unavailable'";
    EXPECT_EQ(refusal(404, ""), "the answer is empty");
    EXPECT_EQ(refusal(404, "not found"), "an answer begins with a line such as 'HTTP/1.1 503 Service Unavailable'");
    for (const std::string_view line :
         {"", "<html>", "HTTP/1.0 404 Not Found", "HTTP/2 404", "HTTP/1.1 4o4 x", "HTTP/1.1 40 x", "HTTP/1.1  404 x",
          " HTTP/1.1 404 x", "HTTP/1.1 404\tx", "HTTP/1.1 404 a\x01b", "HTTP/1.1 404 a\rb", "404 Not Found"}) {
        EXPECT_EQ(refusal(404, std::string(line) + "\n\n"), no_status_line) << line;
    }
    EXPECT_EQ(refusal(404, "HTTP/1.1 503 Service Unavailable\n\n"), "line 1: the status is 503, not 404");
    EXPECT_EQ(refusal(101, "HTTP/1.1 101 Switching Protocols\n\n"), "line 1: 101 is not the status of an answer");
    EXPECT_EQ(refusal(600, "HTTP/1.1 600 What\n\n"), "line 1: 600 is not the status of an answer");
    for (const std::string_view head :
         {"HTTP/1.1 404 Not Found\n", "HTTP/1.1 404 Not Found\nA: b\n", "HTTP/1.1 404 Not Found\nA: b"}) {
        EXPECT_EQ(refusal(404, head), "the head does not end: there is no empty line behind it") << head;
    }
    EXPECT_EQ(refusal(204, "HTTP/1.1 204 No Content\n\nx"), "line 3: an answer with 204 has no body");
}

TEST(AnswerTemplate, is_refused_where_a_field_breaks_the_grammar) {
    for (const std::string_view field :
         {"A b: c", "A : b", ": b", " A: b", "A", "A: b\x01", "A: b\rc", "\r\r", "\rA: b"}) {
        EXPECT_EQ(field_refusal("Good: 1\n" + std::string(field)), "line 3: not a header field") << field;
    }
    EXPECT_EQ(field_refusal("A: b\n c"), "line 3: not a header field");
    EXPECT_EQ(field_refusal("%ROUTE: a"), "line 2: variables stand in values, not in the name %ROUTE");
}

TEST(AnswerTemplate, is_bounded) {
    const auto with_body = [](size_t size) { return "HTTP/1.1 404 x\n\n" + std::string(size - 16, 'a'); };
    EXPECT_EQ(refusal(404, with_body(65536)), "taken");
    EXPECT_EQ(refusal(404, with_body(65537)), "an answer has at most 65536 bytes, this one has 65537");

    std::string fields;
    for (int i = 0; i < 64; ++i) fields += "A: b\n";
    EXPECT_EQ(refusal(404, "HTTP/1.1 404 x\n" + fields + "\n"), "taken");
    EXPECT_EQ(refusal(404, "HTTP/1.1 404 x\n" + fields + "A: b\n\n"), "line 66: more than 64 header fields");

    EXPECT_EQ(field_refusal("A: " + std::string(7000, 'b')), "the head has more than 6144 bytes");

    std::string variables;
    for (int i = 0; i < 256; ++i) variables += "%ROUTE ";
    EXPECT_EQ(body_refusal(variables), "taken");
    EXPECT_EQ(body_refusal(variables + "%PATH"), "there are more than 256 variables");
}

// ---- fields that concern the connection

TEST(AnswerTemplate, leaves_the_length_to_whoever_sends_it) {
    EXPECT_EQ(fields_of("Content-Length: 5\nA: b\ncontent-length: wrong\n"), "A=b\n");
}

TEST(AnswerTemplate, closes_the_connection_when_it_says_so) {
    const auto closes = [](std::string_view field) {
        const auto answer = AnswerTemplate::parse(404, "HTTP/1.1 404 x\n" + std::string(field) + "\n\n");
        EXPECT_TRUE(answer) << field;
        EXPECT_EQ(render(*answer, {}).fields, "") << field;
        return answer->closes();
    };
    EXPECT_TRUE(closes("Connection: close"));
    EXPECT_TRUE(closes("connection: Keep-Alive, CLOSE"));
    EXPECT_FALSE(closes("Connection: keep-alive"));
    EXPECT_FALSE(closes("Connection:"));
}

TEST(AnswerTemplate, is_refused_where_a_field_is_about_the_way_of_sending) {
    for (const std::string_view name :
         {"Transfer-Encoding", "Keep-Alive", "Upgrade", "TE", "Trailer", "Proxy-Connection"}) {
        EXPECT_EQ(field_refusal(std::string(name) + ": chunked"),
                  "line 2: " + std::string(name) + " concerns how the answer is sent, which is not for a template");
    }
    EXPECT_EQ(field_refusal("Connection: upgrade"), "line 2: Connection may say 'close' or 'keep-alive' only");
    EXPECT_EQ(field_refusal("Connection: close, x-a"), "line 2: Connection may say 'close' or 'keep-alive' only");
}

// ---- variables

TEST(AnswerTemplate, knows_these_variables) {
    const std::pair<std::string_view, Variable> names[] = {
        {"ROUTE", Variable::route},
        {"REQUEST_ID", Variable::request_id},
        {"CLUSTER_ID", Variable::cluster_id},
        {"BACKEND_ID", Variable::backend_id},
        {"MESSAGE", Variable::message},
        {"PHASE", Variable::phase},
        {"SUCCESSFULLY_PARSED", Variable::successfully_parsed},
        {"PARTIALLY_PARSED", Variable::partially_parsed},
        {"INVALID", Variable::invalid},
        {"DURATION", Variable::duration},
        {"CAPACITY", Variable::capacity},
        {"REDIRECT_LOCATION", Variable::redirect_location},
        {"RETRY_AFTER", Variable::retry_after},
        {"WWW_AUTHENTICATE", Variable::www_authenticate},
        {"TEMPLATE_NAME", Variable::template_name},
        {"METHOD", Variable::method},
        {"HOST", Variable::host},
        {"PATH", Variable::path},
        {"CLIENT_IP", Variable::client_ip},
    };
    static_assert(std::size(names) + 2 == variable_count);  // STATUS and REASON are known by the template itself
    for (const auto& [name, variable] : names) {
        Variables values;
        values.set(variable, "a value");
        EXPECT_EQ(body_of(fmt::format("<%{}>", name), values), "<a value>") << name;
        EXPECT_EQ(fields_of(fmt::format("X: <%{}>\n", name), values), "X=<a value>\n") << name;
    }
}

TEST(AnswerTemplate, knows_its_own_status_and_reason) {
    Variables values;
    values.set(Variable::status, "200");
    values.set(Variable::reason, "OK");
    EXPECT_EQ(render(404, "HTTP/1.1 404 <Lost>\nX: %STATUS %REASON\n\n%STATUS %REASON", values).fields,
              "X=404 <Lost>\n");
    EXPECT_EQ(render(404, "HTTP/1.1 404 <Lost>\n\n%STATUS %REASON", values).body, "404 &lt;Lost&gt;");
}

TEST(AnswerTemplate, joins_text_and_values) {
    EXPECT_EQ(body_of("%REQUEST_ID"), "01REQUEST");
    EXPECT_EQ(body_of("a%REQUEST_ID%CLUSTER_IDb%%%"), "a01REQUESTshopb%%%");
    EXPECT_EQ(body_of("%REQUEST_IDs %REQUEST_ID_ %REQUEST_ID2 _%REQUEST_ID_x"),
              "01REQUESTs 01REQUEST_ 01REQUEST2 _01REQUEST_x");
    EXPECT_EQ(body_of("[%DURATION]"), "[]");
    EXPECT_EQ(fields_of("A: %CLUSTER_ID/%REQUEST_ID\nB: x\n"), "A=shop/01REQUEST\nB=x\n");
}

TEST(AnswerTemplate, may_be_rendered_again_with_other_values) {
    const auto answer = AnswerTemplate::parse(404, "HTTP/1.1 404 x\nA: %HOST\n\n%HOST");
    ASSERT_TRUE(answer);
    std::string text;
    for (const std::string_view host : {"a.example", "", "b"}) {
        FieldTable fields;
        Variables values;
        values.set(Variable::host, host);
        EXPECT_EQ(answer->render(values, fields, text), host);
        EXPECT_EQ(fields.all().size(), host.empty() ? 0U : 1U);
    }
}

TEST(AnswerTemplate, leaves_a_field_out_when_all_its_variables_are_empty) {
    EXPECT_EQ(fields_of("Retry-After: %RETRY_AFTER\nWWW-Authenticate: Basic realm=\"%WWW_AUTHENTICATE\"\nA: b\nEmpty:\n"
                        "Some: %RETRY_AFTER%ROUTE\n"),
              "A=b\nEmpty=\nSome=example.org/<b>\n");
}

TEST(AnswerTemplate, takes_percent_signs_that_name_nothing_for_text) {
    for (const std::string_view text :
         {"width:100%;", "100%",        "%",           "50% off", "a%b",    "%-5d", "%{HOST}", "%20%C3%A9",
          "%AB",         "%XY",         "%_ROUTE",     "%route",  "%Route", "%%",   "%%%",     "100%%",
          "%E2%80%93X",  "/%C3%ABCDEF", "/%c3%ABCDEF", "%1HOST",  "% HOST", "%A_"}) {
        EXPECT_EQ(body_of(text), text);
        EXPECT_EQ(fields_of("X: " + std::string(text) + "\n"), "X=" + std::string(text) + "\n");
    }
}

TEST(AnswerTemplate, takes_a_name_behind_two_percent_signs_for_text) {
    EXPECT_EQ(body_of("%%ROUTE %%APPDATA% %%%ROUTE"), "%ROUTE %APPDATA% %%ROUTE");
    EXPECT_EQ(body_of("%%AB %%route"), "%%AB %%route");
}

TEST(AnswerTemplate, is_refused_where_a_variable_is_unknown) {
    EXPECT_EQ(body_refusal("a\nb %ROUTES"),
              "line 5: there is no variable %ROUTES; write %%ROUTES if that is meant to be text");
    for (const std::string_view name :
         {"STATUS_CODE", "HOSTNAME", "REQUESTID", "URI", "BACKENDID", "CAPACITI", "FOO_BAR"}) {
        EXPECT_EQ(body_refusal("%" + std::string(name) + "."),
                  fmt::format("line 4: there is no variable %{0}; write %%{0} if that is meant to be text", name));
        EXPECT_EQ(field_refusal("X: %" + std::string(name)),
                  fmt::format("line 2: there is no variable %{0}; write %%{0} if that is meant to be text", name));
    }
    EXPECT_LT(body_refusal("%" + std::string(60000, 'A')).size(), 300U);
}

// ---- what clients may try

TEST(AnswerTemplate, escapes_values_in_its_body_by_its_content_type) {
    const auto body = [](std::string_view type) {
        return render(404, fmt::format("HTTP/1.1 404 x\n{}\n<%ROUTE {{%PATH}}", type)).body;
    };
    const std::string_view markup = "<example.org/&lt;b&gt; {/?q=&quot;&#39;&amp;}";
    EXPECT_EQ(body(""), markup);
    EXPECT_EQ(body("Content-Type: text/html; charset=utf-8\n"), markup);
    EXPECT_EQ(body("content-type: application/xhtml+xml\n"), markup);
    EXPECT_EQ(body("Content-Type: application/json\n"), "<example.org/\\u003cb\\u003e {/?q=\\u0022\\u0027\\u0026}");
    EXPECT_EQ(body("Content-Type: text/plain\n"), "<example.org/<b> {/?q=\"'&}");
}

TEST(AnswerTemplate, needs_to_know_its_content_type) {
    EXPECT_EQ(field_refusal("Content-Type: %HOST"), "line 2: there can be no variable in Content-Type");
    EXPECT_EQ(field_refusal("Content-Type: text/%HOST"), "line 2: there can be no variable in Content-Type");
    EXPECT_EQ(field_refusal("Content-Type: text/plain\nContent-Type: text/html"), "line 3: a second Content-Type");
}

TEST(AnswerTemplate, lets_no_value_begin_another_field) {
    Variables values;
    values.set(Variable::host, "a\r\nSet-Cookie: b=c\r\n\r\n<html>");
    EXPECT_EQ(fields_of("X: %HOST\n", values), "X=aSet-Cookie: b=c<html>\n");
    values.set(Variable::host, "\r\n");
    EXPECT_EQ(fields_of("X: %HOST\n", values), "");
}

TEST(AnswerTemplate, does_not_take_a_value_for_a_template) {
    Variables values;
    values.set(Variable::host, "%PATH%%ROUTE");
    EXPECT_EQ(body_of("%HOST", values), "%PATH%%ROUTE");
}

TEST(AnswerTemplate, leaves_values_out_for_which_there_is_no_room) {
    std::string body;
    for (int i = 0; i < 100; ++i) body += "[%PATH]";
    const std::string path(10000, '"');
    Variables values;
    values.set(Variable::path, path);
    values.set(Variable::host, "h");
    const Rendered rendered = render(404, "HTTP/1.1 404 x\nA: %PATH\nB: %HOST\nC: x%PATH\n\n" + body + "%HOST", values);
    EXPECT_EQ(rendered.fields, "B=h\n");
    EXPECT_EQ(rendered.body.size(), 200 + 60000 + 1U);
    EXPECT_TRUE(rendered.body.ends_with("[][]h"));
}

TEST(AnswerTemplate, has_room_for_the_longest_location) {
    const std::string location = "https://example.org/" + std::string(8192, 'a');
    Variables values;
    values.set(Variable::redirect_location, location);
    EXPECT_EQ(render(308, "HTTP/1.1 308 x\nLocation: %REDIRECT_LOCATION\n\n", values).fields,
              "Location=" + location + "\n");
}

TEST(AnswerTemplate, leads_to_no_host_that_a_path_names) {
    const auto location = [](std::string_view path, std::string_view text = "%PATH") {
        Variables values;
        values.set(Variable::path, path);
        values.set(Variable::host, "a");
        return render(301, fmt::format("HTTP/1.1 301 x\nLocation: {}\nX: %PATH\n\n", text), values).fields;
    };
    EXPECT_EQ(location("/x"), "Location=/x\nX=/x\n");
    EXPECT_EQ(location("//evil.example/"), "Location=/.//evil.example/\nX=//evil.example/\n");
    EXPECT_EQ(location("/\\evil.example/"), "Location=/./\\evil.example/\nX=/\\evil.example/\n");
    EXPECT_EQ(location("//x", "https://%HOST%PATH"), "Location=https://a//x\nX=//x\n");
    const std::string longest = "//" + std::string(AnswerTemplate::max_head_growth - 3, 'x');
    EXPECT_EQ(location(longest), "X=" + longest + "\n") << "no room for what keeps it here";
}

TEST(AnswerTemplate, may_be_copied_and_moved) {
    auto first = AnswerTemplate::parse(404, "HTTP/1.1 404 x\nA: b\n\n%HOST");
    ASSERT_TRUE(first);
    const AnswerTemplate copy = *first;
    const AnswerTemplate moved = std::move(*first);
    Variables values;
    values.set(Variable::host, "h");
    for (const AnswerTemplate* answer : {&copy, &moved}) {
        EXPECT_EQ(render(*answer, values).fields, "A=b\n");
        EXPECT_EQ(render(*answer, values).body, "h");
    }
}

}  // namespace
}  // namespace seki::http
