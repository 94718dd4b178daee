// What a frontend of HTTP may say: one test for each of its rules.

#include <fmt/format.h>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "config/check/check.h"
#include "config/things.h"

namespace seki::config {
namespace {

using command::Request;
using command::RequestHttpFrontend;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Edit = std::function<void(RequestHttpFrontend&)>;

Request edited(const Edit& edit) {
    Request request = http_frontend("c", "127.0.0.1:80", "a.example");
    edit(*request.mutable_add_http_frontend());
    return request;
}

std::vector<std::string> refusals(const Request& request) {
    std::vector<std::string> texts;
    const auto checked = check_every_field(request);
    if (checked) return texts;
    for (const Refusal& refusal : checked.error()) texts.push_back(refusal.field + ": " + refusal.reason);
    return texts;
}

std::vector<std::string> refusals(const Edit& edit) { return refusals(edited(edit)); }

RequestHttpFrontend normal(const Edit& edit) {
    const auto checked = check(edited(edit));
    if (checked) return (*checked)->add_http_frontend();
    ADD_FAILURE() << checked.error().message;
    return {};
}

// ---- which requests

struct Pattern {
    std::string_view written;
    std::string_view normal;  // empty: refused
};

class HostPatterns : public testing::TestWithParam<Pattern> {};

TEST_P(HostPatterns, are_brought_into_one_form_or_refused) {
    const auto checked = check(edited([](auto& frontend) {
        frontend.set_hostname(std::string(GetParam().written));
        frontend.set_position(command::POST);
    }));
    ASSERT_EQ(checked.has_value(), !GetParam().normal.empty());
    if (checked) {
        EXPECT_EQ((*checked)->add_http_frontend().hostname(), GetParam().normal);
    }
}

INSTANTIATE_TEST_SUITE_P(Check, HostPatterns,
                         testing::Values(Pattern{"*", "*"}, Pattern{"*.Example.COM.", "*.example.com"},
                                         Pattern{"*.com", "*.com"}, Pattern{"/[A-Z]+/.Example", "/[A-Z]+/.example"},
                                         Pattern{"A./b.C/.D.", "a./b.C/.d"}, Pattern{"/a/", "/a/"},
                                         Pattern{"/a/.", "/a/"}, Pattern{"/a/./b/", "/a/./b/"},
                                         Pattern{"*./a/.b", "*./a/.b"}, Pattern{"", ""}, Pattern{"*.", "*"},
                                         Pattern{"*a.b", ""}, Pattern{"a*.b", ""}, Pattern{"a.*.b", ""},
                                         Pattern{"*.*.b", ""}, Pattern{"/a/.*", ""}, Pattern{"/a", ""},
                                         Pattern{"a/", ""}, Pattern{"/a/b.c", ""}, Pattern{"a/b/.c", ""},
                                         Pattern{"//.b", ""}, Pattern{"/(/.b", ""}, Pattern{"a../b/", ""},
                                         Pattern{"/a/..b", ""}, Pattern{"/a/.b_!", ""}, Pattern{"./a/", ""}));

TEST(RuleCheck, says_what_is_wrong_with_a_host_pattern) {
    const auto of = [](std::string_view host) {
        return refusals([&](auto& frontend) { frontend.set_hostname(std::string(host)); });
    };
    EXPECT_THAT(of("a.*.b"),
                ElementsAre("hostname: 'a.*.b' is no host name: '*' must be the whole of the first label"));
    EXPECT_THAT(of("/(/.b"), ElementsAre("hostname: '(' is no regular expression: missing ): ("));
    EXPECT_THAT(of("x/y/.b"), ElementsAre(HasSubstr("must be a whole label")));
    EXPECT_THAT(of("*." + std::string(2000, 'a')), ElementsAre("hostname: it is longer than 1024 bytes"));
}

TEST(RuleCheck, compiles_the_regular_expressions_of_paths) {
    const auto path = [](std::string_view regex) {
        return refusals([&](auto& frontend) {
            frontend.mutable_path()->set_kind(command::REGEX);
            frontend.mutable_path()->set_value(std::string(regex));
        });
    };
    EXPECT_THAT(path("^/a/([0-9]+) ?$"), IsEmpty());
    std::string groups;
    for (int i = 0; i < 31; ++i) groups += "(a)";
    EXPECT_THAT(path(groups), IsEmpty());
    EXPECT_THAT(path(groups + "(b)"), ElementsAre(HasSubstr("has more than 31 groups")));
    EXPECT_THAT(path(""), ElementsAre("path: a regular expression must not be empty"));
    EXPECT_THAT(path("["), ElementsAre("path: '[' is no regular expression: missing ]: ["));
    EXPECT_THAT(path("(?=a)"), ElementsAre(HasSubstr("invalid perl operator")));
    EXPECT_THAT(path("((a{100}){100}){100}"), ElementsAre(HasSubstr("is no regular expression")));
    EXPECT_THAT(path("\\pL{900}"), ElementsAre(HasSubstr("too large a regular expression")));
    EXPECT_THAT(path("a\n"), ElementsAre("path: a regular expression has a control character"));
    EXPECT_THAT(path(std::string(1025, 'a')), ElementsAre(HasSubstr("longer than 1024 bytes")));
}

command::FieldMatch& match(auto* matches, std::string_view name, command::MatchKind kind) {
    command::FieldMatch& added = *matches->Add();
    added.set_name(std::string(name));
    added.set_kind(kind);
    return added;
}

TEST(RuleCheck, takes_conditions_and_writes_names_of_headers_in_lower_case) {
    const RequestHttpFrontend frontend = normal([](auto& rule) {
        match(rule.mutable_match_headers(), "X-Beta", command::EXACT).set_value("");
        match(rule.mutable_match_headers(), "X-Beta", command::STARTS_WITH).set_value("A");
        match(rule.mutable_match_headers(), "X-Beta", command::MATCHES).set_value("[A-Z]");
        match(rule.mutable_match_headers(), "X-Beta", command::PRESENT).set_invert(true);
        match(rule.mutable_match_cookies(), "Group", command::EXACT).set_invert(false);
        rule.mutable_match_cookies(0)->set_value("b");
        match(rule.mutable_match_query(), "a b", command::PRESENT);
    });
    ASSERT_EQ(frontend.match_headers_size(), 4);
    EXPECT_EQ(frontend.match_headers(0).name(), "x-beta");
    EXPECT_EQ(frontend.match_headers(1).value(), "A");
    EXPECT_TRUE(frontend.match_headers(3).invert());
    EXPECT_EQ(frontend.match_cookies(0).name(), "Group");
    EXPECT_FALSE(frontend.match_cookies(0).has_invert());
    EXPECT_EQ(frontend.match_query(0).name(), "a b");
}

TEST(RuleCheck, says_what_is_wrong_with_a_condition) {
    const auto header = [](std::string_view name, command::MatchKind kind, const char* value) {
        return refusals([&](auto& rule) {
            auto& added = match(rule.mutable_match_headers(), name, kind);
            if (value != nullptr) added.set_value(value);
        });
    };
    EXPECT_THAT(header("a b", command::PRESENT, nullptr), ElementsAre(HasSubstr("match_headers: 'a b' is no token")));
    EXPECT_THAT(header("a", command::PRESENT, "x"), ElementsAre(HasSubstr("'a': PRESENT takes every value")));
    EXPECT_THAT(header("a", command::EXACT, nullptr), ElementsAre("match_headers: 'a': a value is missing"));
    EXPECT_THAT(header("a", command::MATCHES, nullptr), ElementsAre("match_headers: 'a': a value is missing"));
    EXPECT_THAT(header("a", command::MATCHES, "("), ElementsAre(HasSubstr("'(' is no regular expression")));
    EXPECT_THAT(header("a", command::STARTS_WITH, ""), ElementsAre(HasSubstr("use PRESENT")));
    EXPECT_THAT(header("a", command::EXACT, "x\n"), ElementsAre(HasSubstr("'a': the value has a control character")));
    EXPECT_THAT(header("a", command::EXACT, std::string(1025, 'x').c_str()),
                ElementsAre(HasSubstr("longer than 1024")));
    EXPECT_THAT(refusals([](auto& rule) { match(rule.mutable_match_cookies(), "a;b", command::PRESENT); }),
                ElementsAre(HasSubstr("match_cookies: 'a;b' is no token")));
    EXPECT_THAT(refusals([](auto& rule) { match(rule.mutable_match_query(), "", command::PRESENT); }),
                ElementsAre("match_query: it must not be empty"));
}

command::HeaderPredicate& predicate(RequestHttpFrontend& rule, std::string_view name, command::HeaderMatchKind kind,
                                    const char* value = nullptr) {
    command::HeaderPredicate& added = *rule.add_header_predicates();
    added.set_name(std::string(name));
    added.set_kind(kind);
    if (value != nullptr) added.set_value(value);
    return added;
}

TEST(RuleCheck, takes_predicates) {
    const RequestHttpFrontend frontend = normal([](auto& rule) {
        predicate(rule, "X-Beta", command::HEADER_MATCH_KIND_EXACT, "A");
        predicate(rule, "X-Beta", command::HEADER_MATCH_KIND_REGEX, "[A-Z]");
        predicate(rule, "x-env", command::HEADER_MATCH_KIND_PRESENT);
    });
    ASSERT_EQ(frontend.header_predicates_size(), 3);
    EXPECT_EQ(frontend.header_predicates(1).name(), "x-beta");
    EXPECT_EQ(frontend.header_predicates(1).value(), "[A-Z]");
}

TEST(RuleCheck, says_what_is_wrong_with_a_predicate) {
    const auto with = [](std::string_view name, command::HeaderMatchKind kind, const char* value = nullptr) {
        return refusals([&](auto& rule) { predicate(rule, name, kind, value); });
    };
    EXPECT_THAT(with("a b", command::HEADER_MATCH_KIND_PRESENT),
                ElementsAre(HasSubstr("header_predicates: 'a b' is no token")));
    EXPECT_THAT(with("HOST", command::HEADER_MATCH_KIND_PRESENT),
                ElementsAre("header_predicates: 'host': hostname and match_cookies are for that"));
    EXPECT_THAT(with("Cookie", command::HEADER_MATCH_KIND_EXACT, "a"), ElementsAre(HasSubstr("'cookie': hostname")));
    EXPECT_THAT(with("a", command::HEADER_MATCH_KIND_PRESENT, "x"), ElementsAre(HasSubstr("'a': PRESENT takes")));
    EXPECT_THAT(with("a", command::HEADER_MATCH_KIND_EXACT), ElementsAre(HasSubstr("'a': a value is missing")));
    EXPECT_THAT(with("a", command::HEADER_MATCH_KIND_REGEX, "("), ElementsAre(HasSubstr("no regular expression")));
    EXPECT_THAT(refusals([](auto& rule) {
                    for (int i = 0; i < 17; ++i) predicate(rule, "a", command::HEADER_MATCH_KIND_PRESENT);
                }),
                ElementsAre("header_predicates: 17 conditions are more than 16"));
}

TEST(RuleCheck, takes_silence_without_an_answer) {
    EXPECT_THAT(refusals([](auto& rule) { rule.set_redirect(command::SILENT_CLOSE); }), IsEmpty());
    EXPECT_THAT(refusals([](auto& rule) {
                    rule.set_redirect(command::SILENT_CLOSE);
                    rule.set_redirect_template("HTTP/1.1 301 X\r\n\r\n");
                }),
                ElementsAre("redirect_template: it excludes silent_close, which answers nothing"));
}

TEST(RuleCheck, bounds_the_number_of_conditions) {
    const auto with = [](int count) {
        return refusals([&](auto& rule) {
            for (int i = 0; i < count; ++i) match(rule.mutable_match_query(), "a", command::PRESENT);
        });
    };
    EXPECT_THAT(with(16), IsEmpty());
    EXPECT_THAT(with(17), ElementsAre("match_query: 17 conditions are more than 16"));
}

TEST(RuleCheck, writes_networks_each_once_and_sorted) {
    const RequestHttpFrontend frontend = normal([](auto& rule) {
        for (const char* network :
             {"192.0.2.0/24", "2001:DB8::/32", "192.0.2.1", "192.0.2.0/24", "::ffff:10.0.0.0/104"})
            rule.add_source_allow(network);
        rule.add_source_deny("0.0.0.0/0");
    });
    EXPECT_THAT(frontend.source_allow(), ElementsAre("10.0.0.0/8", "192.0.2.0/24", "192.0.2.1", "2001:db8::/32"));
    EXPECT_THAT(frontend.source_deny(), ElementsAre("0.0.0.0/0"));
}

TEST(RuleCheck, refuses_what_is_no_network_and_too_many_of_them) {
    for (const char* network : {"", "a", "192.0.2.0/33", "192.0.2.0/", "192.0.2/24", "::/129", "192.0.2.1:80", "/8"}) {
        EXPECT_THAT(refusals([&](auto& rule) { rule.add_source_deny(network); }),
                    ElementsAre(testing::StartsWith("source_deny: ")))
            << network;
    }
    const auto with = [](int count) {
        return refusals([&](auto& rule) {
            for (int i = 0; i < count; ++i) rule.add_source_allow("::1");
        });
    };
    EXPECT_THAT(with(256), IsEmpty());
    EXPECT_THAT(with(257), ElementsAre("source_allow: 257 networks are more than 256"));
}

// ---- where they go

struct Share {
    std::string_view cluster_id;
    uint32_t weight;
};

std::vector<std::string> split(const std::vector<Share>& shares, bool keep_cluster = false) {
    return refusals([&](auto& rule) {
        if (!keep_cluster) rule.clear_cluster_id();
        for (const Share& share : shares) {
            rule.add_split()->set_cluster_id(std::string(share.cluster_id));
            rule.mutable_split(rule.split_size() - 1)->set_weight(share.weight);
        }
    });
}

TEST(RuleCheck, takes_a_split_among_clusters) {
    EXPECT_THAT(split({{"a", 90}, {"b", 10}}), IsEmpty());
    EXPECT_THAT(split({{"a", 1000}, {"b", 0}}), IsEmpty());
}

TEST(RuleCheck, says_what_is_wrong_with_a_split) {
    EXPECT_THAT(split({{"a", 1}}), ElementsAre("split: 1 shares are not within 2 and 16"));
    EXPECT_THAT(split(std::vector<Share>(17, {"a", 1})), ElementsAre("split: 17 shares are not within 2 and 16"));
    EXPECT_THAT(split({{"a", 0}, {"b", 0}}), ElementsAre("split: at least one weight must be more than 0"));
    EXPECT_THAT(split({{"a", 1001}, {"b", 1}}), ElementsAre("split: 1001 is not within 0 and 1000"));
    EXPECT_THAT(split({{"a", 1}, {"b", 1}, {"a", 1}}), ElementsAre("split: the cluster 'a' has two shares"));
    EXPECT_THAT(split({{"", 1}, {"b", 1}}), ElementsAre("split: it must not be empty"));
    EXPECT_THAT(split({{"a", 1}, {"b", 1}}, true), ElementsAre("split: it excludes cluster_id"));
}

TEST(RuleCheck, takes_timeouts_of_its_own) {
    const RequestHttpFrontend frontend = normal([](auto& rule) {
        rule.set_front_timeout(1);
        rule.set_back_timeout(2);
        rule.set_connect_timeout(3);
        rule.set_tunnel_timeout(86'400);
        rule.set_required_auth(true);
    });
    EXPECT_EQ(frontend.tunnel_timeout(), 86'400);
    EXPECT_THAT(refusals([](auto& rule) {
                    rule.set_front_timeout(0);
                    rule.set_back_timeout(0);
                    rule.set_connect_timeout(86'401);
                    rule.set_tunnel_timeout(0);
                }),
                ElementsAre("front_timeout: 0 s is not within 1 and 86400 s", HasSubstr("back_timeout: 0 s"),
                            HasSubstr("connect_timeout: 86401 s"), HasSubstr("tunnel_timeout: 0 s")));
}

// ---- what happens to them

TEST(RuleCheck, takes_a_redirect_with_an_answer_of_that_status) {
    const auto with = [](command::RedirectPolicy policy, const std::string& answer) {
        return refusals([&](auto& rule) {
            rule.set_redirect(policy);
            rule.set_redirect_scheme(command::USE_HTTPS);
            rule.set_redirect_template(answer);
        });
    };
    const auto answer = [](int status) {
        return fmt::format("HTTP/1.1 {} Gone\r\nLocation: %REDIRECT_LOCATION\r\n\r\n", status);
    };
    EXPECT_THAT(with(command::PERMANENT, answer(301)), IsEmpty());
    EXPECT_THAT(with(command::FOUND, answer(302)), IsEmpty());
    EXPECT_THAT(with(command::PERMANENT_REDIRECT, answer(308)), IsEmpty());
    EXPECT_THAT(with(command::UNAUTHORIZED, answer(401)), IsEmpty());
    EXPECT_THAT(with(command::FORWARD, answer(301)), IsEmpty());
    EXPECT_THAT(with(command::FOUND, answer(301)), ElementsAre(HasSubstr("redirect_template: ")));
    EXPECT_THAT(with(command::FOUND, "moved"), ElementsAre(HasSubstr("redirect_template: ")));
    EXPECT_THAT(with(command::FOUND, ""), ElementsAre("redirect_template: it must not be empty"));
    EXPECT_THAT(with(command::FOUND, "HTTP/1.1 302 Found\r\nTransfer-Encoding: chunked\r\n\r\n"),
                ElementsAre(HasSubstr("Transfer-Encoding")));
}

struct Rewrite {
    std::string_view host;  // of the rule
    std::string_view path;  // of the rule, with '=' or '~' before it unless it is a prefix
    std::string_view text;
    std::string_view refusal;  // of the template; empty: none
};

void set_rule(RequestHttpFrontend& rule, const Rewrite& rewrite) {
    rule.set_hostname(std::string(rewrite.host));
    rule.set_position(command::POST);
    std::string_view path = rewrite.path;
    if (path.starts_with('=')) rule.mutable_path()->set_kind(command::EQUALS);
    if (path.starts_with('~')) rule.mutable_path()->set_kind(command::REGEX);
    if (rule.path().kind() != command::PREFIX) path.remove_prefix(1);
    rule.mutable_path()->set_value(std::string(path));
}

class Rewrites : public testing::TestWithParam<Rewrite> {};

TEST_P(Rewrites, of_paths_name_only_what_the_rule_catches) {
    const Rewrite& rewrite = GetParam();
    const auto found = refusals([&](auto& rule) {
        set_rule(rule, rewrite);
        rule.set_rewrite_path(std::string(rewrite.text));
    });
    if (rewrite.refusal.empty()) {
        EXPECT_THAT(found, IsEmpty());
    } else {
        EXPECT_THAT(found, ElementsAre(testing::StartsWith(fmt::format("rewrite_path: {}", rewrite.refusal))));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Check, Rewrites,
    testing::Values(Rewrite{"a", "", "/", ""}, Rewrite{"a", "/x", "$PATH[1]", ""},
                    Rewrite{"a", "/x", "/y$PATH[0]$HOST[0]", ""},
                    Rewrite{"a", "/x", "/$PATH[2]", "$PATH[2] is beyond 1, the largest"},
                    Rewrite{"a", "=/x", "/$PATH[1]", "$PATH[1] is beyond 0"},
                    Rewrite{"a", "~/(a)(?:b)(?P<n>c)", "/$PATH[2]", ""},
                    Rewrite{"a", "~/(a)(?:b)(?P<n>c)", "/$PATH[3]", "$PATH[3] is beyond 2"},
                    Rewrite{"a", "", "/$HOST[1]", "$HOST[1] is beyond 0"}, Rewrite{"*.a", "", "/$HOST[1]", ""},
                    Rewrite{"*", "", "/$HOST[1]", ""}, Rewrite{"*.a", "", "/$HOST[2]", "$HOST[2] is beyond 1"},
                    Rewrite{"/(a)(b)/.x./(c)/", "", "/$HOST[3]", ""},
                    Rewrite{"/(a)(b)/.x./(c)/", "", "/$HOST[4]", "$HOST[4] is beyond 3"},
                    Rewrite{"a", "", "/$$HOST$PATH$x[1]?$PATH", ""}, Rewrite{"a", "", "", "it must not be empty"},
                    Rewrite{"a", "", "/$PATH[]", "behind '$PATH[' there must be a number"},
                    Rewrite{"a", "", "/$PATH[1", "behind '$PATH[' there must be a number"},
                    Rewrite{"a", "", "/$HOST[-1]", "behind '$HOST[' there must be a number"},
                    Rewrite{"a", "", "/$PATH[99999999999999999999]", "behind '$PATH[' there must be a number"},
                    Rewrite{"a", "", "x$PATH[1]", "'x$PATH[1]' does not begin with '/'"},
                    Rewrite{"a", "", "/a b", "'/a b': no path has spaces"}, Rewrite{"a", "", "/ü", "'/ü': no path has"},
                    Rewrite{"a", "", "/a#b", "'/a#b': no path has"}));

TEST(RuleCheck, takes_templates_of_hosts_and_a_port) {
    const auto host = [](std::string_view text) {
        return refusals([&](auto& rule) {
            rule.set_hostname("*.a");
            rule.set_rewrite_host(std::string(text));
        });
    };
    for (const char* text : {"b.example", "$HOST[1].b", "$HOST[0]", "$PATH[1]", "a$b"})
        EXPECT_THAT(host(text), IsEmpty());
    EXPECT_THAT(host("b:80"), ElementsAre("rewrite_host: 'b:80': a host has no ':'; the port is rewrite_port's"));
    EXPECT_THAT(host("b/$HOST[0]"), ElementsAre("rewrite_host: 'b/': a host has no such characters"));
    EXPECT_THAT(host("$HOST[2]"), ElementsAre(HasSubstr("$HOST[2] is beyond 1")));
    EXPECT_THAT(host(std::string(1025, 'a')), ElementsAre(HasSubstr("longer than 1024 bytes")));
    for (const uint32_t port : {1U, 65'535U})
        EXPECT_THAT(refusals([&](auto& rule) { rule.set_rewrite_port(port); }), IsEmpty());
    for (const uint32_t port : {0U, 65'536U})
        EXPECT_THAT(refusals([&](auto& rule) { rule.set_rewrite_port(port); }),
                    ElementsAre(HasSubstr("rewrite_port: ")));
}

TEST(RuleCheck, does_not_count_what_a_broken_pattern_catches) {
    EXPECT_THAT(refusals([](auto& rule) {
                    rule.set_hostname("/(/");
                    rule.set_rewrite_host("$HOST[1]");
                }),
                ElementsAre(HasSubstr("hostname: ")));
}

std::vector<std::string> header(command::HeaderPosition position, std::string_view key, std::string_view value,
                                command::HeaderMode mode = command::ADD) {
    return refusals([&](auto& rule) {
        command::Header& added = *rule.add_headers();
        added.set_position(position);
        added.set_key(std::string(key));
        added.set_val(std::string(value));
        added.set_mode(mode);
    });
}

TEST(RuleCheck, takes_header_edits) {
    EXPECT_THAT(header(command::REQUEST, "X-A", "b\tc d"), IsEmpty());
    EXPECT_THAT(header(command::RESPONSE, "Server", ""), IsEmpty());
    EXPECT_THAT(header(command::BOTH, "x-a", "ü", command::REPLACE), IsEmpty());
    EXPECT_THAT(header(command::REQUEST, "Host", "b.example:81"), IsEmpty());
}

TEST(RuleCheck, says_what_is_wrong_with_a_header_edit) {
    EXPECT_THAT(header(command::HEADER_POSITION_UNSPECIFIED, "a", "b"), ElementsAre(HasSubstr("the position must be")));
    EXPECT_THAT(header(command::BOTH, "a b", "c"), ElementsAre(HasSubstr("headers: 'a b' is no token")));
    EXPECT_THAT(header(command::BOTH, ":path", "c"), ElementsAre(HasSubstr("is no token")));
    EXPECT_THAT(header(command::BOTH, "a", "b\r\nc: d"),
                ElementsAre(HasSubstr("'a': the value has a control character")));
    EXPECT_THAT(header(command::BOTH, "a", " b"), ElementsAre(HasSubstr("a blank at its beginning or end")));
    EXPECT_THAT(header(command::BOTH, "a", std::string(4097, 'b')), ElementsAre(HasSubstr("longer than 4096 bytes")));
    EXPECT_THAT(header(command::BOTH, "a", "", command::REPLACE), ElementsAre(HasSubstr("leave REPLACE out")));
    EXPECT_THAT(header(command::RESPONSE, "Host", "a"), ElementsAre("headers: responses have no Host"));
    EXPECT_THAT(header(command::BOTH, "Host", "a"), ElementsAre("headers: responses have no Host"));
    EXPECT_THAT(header(command::REQUEST, "Host", ""), ElementsAre("headers: every request needs its Host"));
    EXPECT_THAT(header(command::REQUEST, "Host", "a/b"), ElementsAre("headers: 'a/b' is no Host"));
}

TEST(RuleCheck, keeps_what_says_how_a_message_is_transferred) {
    for (const char* name : {"Connection", "transfer-encoding", "Content-Length", "Upgrade", "Keep-Alive", "TE",
                             "Trailer", "Proxy-Connection"}) {
        for (const char* value : {"x", ""}) {
            EXPECT_THAT(header(command::REQUEST, name, value),
                        ElementsAre(fmt::format(
                            "headers: '{}': it says how the message is transferred, which Seki decides", name)));
        }
    }
}

TEST(RuleCheck, bounds_the_number_and_the_size_of_header_edits) {
    const auto with = [](int count, size_t size) {
        return refusals([&](auto& rule) {
            for (int i = 0; i < count; ++i) {
                command::Header& added = *rule.add_headers();
                added.set_position(command::REQUEST);
                added.set_key("a");
                added.set_val(std::string(size, 'b'));
            }
        });
    };
    EXPECT_THAT(with(64, 127), IsEmpty());
    EXPECT_THAT(with(65, 1), ElementsAre("headers: 65 edits are more than 64"));
    EXPECT_THAT(with(64, 128), ElementsAre("headers: all edits together are longer than 8192 bytes"));
}

TEST(RuleCheck, looks_at_a_removal_only_as_far_as_it_says_which_frontend_goes) {
    Request request;
    RequestHttpFrontend& removal = *request.mutable_remove_http_frontend();
    *removal.mutable_address() = wire("127.0.0.1:80");
    removal.set_hostname("*.Example");
    removal.add_source_allow("192.0.2.0/24");
    removal.set_cluster_id("\n");
    removal.add_headers();
    removal.set_redirect_template("nonsense\xFF");
    removal.set_rewrite_port(0);
    removal.add_split();
    removal.mutable_hsts();
    const auto checked = check(request);
    ASSERT_TRUE(checked.has_value()) << checked.error().message;
    const RequestHttpFrontend& left = (*checked)->remove_http_frontend();
    EXPECT_EQ(left.hostname(), "*.example");
    EXPECT_THAT(left.source_allow(), ElementsAre("192.0.2.0/24"));
    EXPECT_FALSE(left.has_redirect_template() || left.has_cluster_id() || left.headers_size() > 0);

    removal.set_hostname("a b");
    EXPECT_THAT(refusals(request), ElementsAre(HasSubstr("hostname: ")));
    removal.set_hostname("*");
    EXPECT_THAT(refusals(request), IsEmpty());
}

TEST(RuleCheck, of_what_was_checked_changes_nothing) {
    const auto once = check(edited([](auto& rule) {
        rule.set_hostname("*./A+/.Example.");
        rule.add_source_deny("192.0.2.0/24");
        match(rule.mutable_match_headers(), "X-A", command::EXACT).set_value("B");
    }));
    ASSERT_TRUE(once.has_value());
    const auto twice = check(**once);
    ASSERT_TRUE(twice.has_value());
    EXPECT_TRUE(same_message(**once, **twice));
}

}  // namespace
}  // namespace seki::config
