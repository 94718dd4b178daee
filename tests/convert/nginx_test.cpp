#include <gmock/gmock.h>

#include "convert/converted.h"

namespace seki::convert {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view begin = "server { listen 127.0.0.1:80; server_name a.example;\n";
std::string server(std::string_view inside) { return std::string(begin) + std::string(inside) + "}"; }
std::string said(std::string_view inside, uint32_t line = 2) { return said_of(Format::nginx, server(inside), line); }

TEST(Nginx, upstreams_become_clusters) {
    const std::string text = nginx_text(
        "upstream shop { least_conn; server 192.0.2.1:1 weight=300 max_fails=1; server unix:/run/a.sock backup; server "
        "a.b down; }" +
        server("location / { proxy_pass http://shop; }"));
    EXPECT_THAT(text, HasSubstr("[clusters.shop]\nprotocol = \"http\"\nload_balancing = \"LEAST_LOADED\"\n"));
    EXPECT_THAT(text, HasSubstr("address = \"192.0.2.1:1\"\nweight = 256\n"));
    EXPECT_THAT(text, HasSubstr("unix_path = \"/run/a.sock\"\nbackup = true\nweight = 1\n"));
    EXPECT_THAT(text, HasSubstr("address = \"a.b:80\"\nstate = \"maintenance\"\n"));
}

TEST(Nginx, the_first_server_of_an_address_has_all_other_hosts) {
    const std::string text = nginx_text(server("location / { proxy_pass http://192.0.2.1; }") +
                                        "server { listen 127.0.0.1:80; server_name b.example; root /srv; }");
    EXPECT_THAT(text,
                HasSubstr("[[clusters.\"192.0.2.1\".frontends]]\naddress = \"127.0.0.1:80\"\nhostname = \"*\"\n"));
    EXPECT_THAT(
        text,
        HasSubstr("[[clusters.not-converted.frontends]]\naddress = \"127.0.0.1:80\"\nhostname = \"b.example\"\n"));
}

TEST(Nginx, what_it_kept_closed_is_not_opened) {
    for (const char* closing : {"internal", "auth_request /auth", "auth_jwt x", "secure_link $arg"}) {
        const std::string text =
            nginx_text(server(std::string("location /x/ { ") + closing + "; proxy_pass http://192.0.2.1; }"));
        EXPECT_THAT(text, HasSubstr("[[clusters.not-converted.frontends]]")) << closing;
        EXPECT_THAT(text, Not(HasSubstr("192.0.2.1"))) << closing;
    }
    const std::string text =
        nginx_text(server("auth_basic x; auth_basic_user_file y; location / { proxy_pass http://192.0.2.1; }"));
    EXPECT_THAT(text, HasSubstr("required_auth = true"));
    EXPECT_THAT(nginx_text(server("location / { deny all; proxy_pass http://192.0.2.1; }")),
                HasSubstr("source_deny = [\"0.0.0.0/0\", \"::/0\"]"));
}

TEST(Nginx, the_innermost_block_that_has_headers_counts) {
    const std::string text =
        nginx_text(server("proxy_set_header X-A 1; proxy_set_header X-B 2;"
                          "location / { proxy_set_header X-A 3; proxy_pass http://192.0.2.1; }"));
    EXPECT_THAT(text, HasSubstr("key = \"X-A\", value = \"3\""));
    EXPECT_THAT(text, Not(HasSubstr("X-B")));
}

TEST(Nginx, variables_that_have_one_value_are_put_in) {
    EXPECT_THAT(nginx_text(server("set $up 192.0.2.7:80; location / { proxy_pass http://$up; }")),
                HasSubstr("\"192.0.2.7:80\""));
    EXPECT_THAT(said("location / { proxy_pass http://$arg_up; }"),
                HasSubstr("its target is computed; Seki answers 503"));
}

TEST(Nginx, every_line_that_has_an_effect_is_told_or_converted) {
    for (const char* line : {"gzip on;", "root /srv;", "error_page 404 /404.html;", "access_log /x;", "frobnicate 7;",
                             "limit_req zone=a;", "if ($http_user_agent ~ evil) { set $x 1; }",
                             "rewrite ^/a/(.*)/b$ /c last;", "location @named { proxy_pass http://a; }",
                             "proxy_redirect http://a/ /;", "location ~ (?!a) { proxy_pass http://192.0.2.1; }"}) {
        EXPECT_NE(said("\n" + std::string(line) +
                           "\nlocation / { proxy_pass http://192.0.2.1; proxy_set_header Host $host; }",
                       3),
                  "")
            << line;
    }
    EXPECT_EQ(said("\nlocation / { proxy_pass http://192.0.2.1; proxy_set_header Host $host; }", 3), "");
}

TEST(Nginx, a_condition_on_a_host_that_is_no_name_of_the_server_is_told) {
    const char* const rest = "\nlocation / { proxy_pass http://192.0.2.1; proxy_set_header Host $host; }";
    EXPECT_NE(said(std::string("\nif ($host = evil.example) { return 444; }") + rest, 3), "");
    EXPECT_EQ(said(std::string("\nif ($host = A.example) { return 301 https://$host$request_uri; }") + rest, 3), "");
}

TEST(Nginx, an_empty_field_is_none) {
    const auto refuses = [](std::string_view condition) {
        return nginx_text(server("location / { if (" + std::string(condition) +
                                 ") { return 301 /x; } proxy_pass http://192.0.2.1; proxy_set_header Host $host; }"));
    };
    EXPECT_THAT(refuses("$http_x_tok = \"\""), HasSubstr("kind = \"regex\", value = \".+\", invert = true"));
    EXPECT_THAT(refuses("$http_x_tok != \"\""), HasSubstr("kind = \"regex\", value = \".+\", invert = false"));
    EXPECT_THAT(refuses("$arg_x"), HasSubstr("value = \"[^0].*|0.+\""));
}

TEST(Nginx, what_decides_access_beside_a_named_location_is_not_opened) {
    const std::string named = "location @app { proxy_pass http://192.0.2.1; proxy_set_header Host $host; }\n";
    for (const char* line : {"allow 10.0.0.1; deny all;", "auth_basic x;", "limit_except GET { deny all; }"}) {
        const std::string text = server(named + "location /adm { " + std::string(line) + " try_files $uri @app; }");
        EXPECT_THAT(nginx_text(text), Not(HasSubstr("192.0.2.1"))) << line;
        EXPECT_THAT(said_of(Format::nginx, text, 3), HasSubstr("Seki answers 503")) << line;
    }
    EXPECT_THAT(nginx_text(server("location @app { if ($http_x) { return 403; } proxy_pass http://192.0.2.1; }\n"
                                  "location / { try_files $uri @app; }")),
                Not(HasSubstr("192.0.2.1")));
}

TEST(Nginx, what_closes_a_server_closes_its_locations) {
    EXPECT_THAT(nginx_text(server("auth_jwt x; location / { proxy_pass http://192.0.2.1; }")),
                Not(HasSubstr("192.0.2.1")));
    EXPECT_THAT(nginx_text(server("auth_jwt x; location / { auth_jwt off; proxy_pass http://192.0.2.1; }")),
                HasSubstr("192.0.2.1"));
}

TEST(Nginx, mistakes_are_told_with_their_places) {
    EXPECT_EQ(error_of(Format::nginx, "server {\n listen 80"), "/f:2: 'listen' has no ';'");
    EXPECT_EQ(error_of(Format::nginx, "server {\n"), "/f:2: the file ends within a block");
    EXPECT_EQ(error_of(Format::nginx, "\n}"), "/f:2: this '}' ends nothing");
    EXPECT_EQ(error_of(Format::nginx, "{"), "/f:1: this '{' begins nothing");
    EXPECT_EQ(error_of(Format::nginx, "a 'b"), "/f:1: this quote has no end");
    EXPECT_EQ(error_of(Format::nginx, ""), "/f: there is no server in it, so nothing to convert");
    EXPECT_THAT(error_of(Format::nginx, "include f;"), HasSubstr("files include each other"));
}

TEST(Nginx, one_address_beside_all_of_them_is_left_out_and_told_once) {
    const std::string text = "server { listen 80;\nlisten 127.0.0.1:80;\nlocation / { return 301 /x; } }";
    EXPECT_THAT(said_of(Format::nginx, text, 2), HasSubstr("left out, because Seki refuses it"));
    EXPECT_EQ(said_of(Format::nginx, text, 3), "");
}

TEST(Nginx, what_seki_would_refuse_is_left_out_and_told) {
    const std::string text = server("location /" + std::string(5000, 'a') +
                                    " { proxy_pass http://192.0.2.1; proxy_set_header Host $host; }\n"
                                    "location / { proxy_pass http://192.0.2.1; }");
    EXPECT_THAT(said_of(Format::nginx, text, 2), HasSubstr("left out, because Seki refuses it"));
    EXPECT_THAT(nginx_text(text), HasSubstr("192.0.2.1"));
}

}  // namespace
}  // namespace seki::convert
