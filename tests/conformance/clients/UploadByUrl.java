// An upload with Java's HttpURLConnection, which reads the answer also where it is another one than the 100 that it
// waited for (HttpClient of Java 17 does not).

import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.ProtocolException;
import java.net.URI;
import java.nio.charset.StandardCharsets;

public class UploadByUrl {
    public static void main(String[] arguments) throws Exception {
        byte[] body = new byte[Integer.parseInt(arguments[1])];
        HttpURLConnection upload = (HttpURLConnection) URI.create(arguments[0]).toURL().openConnection();
        upload.setRequestMethod("POST");
        upload.setDoOutput(true);
        upload.setFixedLengthStreamingMode(body.length);
        if (arguments[2].equals("expect")) upload.setRequestProperty("Expect", "100-continue");
        try (OutputStream out = upload.getOutputStream()) {
            out.write(body);
        } catch (ProtocolException refused) {
            // There is an answer, and no 100.
        }
        int status = upload.getResponseCode();
        try (InputStream in = upload.getErrorStream()) {
            String text = in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
            System.out.println(status + " " + text);
        }
    }
}
