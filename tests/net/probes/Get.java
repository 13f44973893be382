// SPDX-License-Identifier: MIT
import java.io.FileInputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Get CA URL: prints what a web server answers, by Java's own sockets and TLS; CA is a PEM file. */
public class Get {
	public static void main(String[] args) throws Exception {
		KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
		store.load(null, null);
		try (FileInputStream pem = new FileInputStream(args[0])) {
			store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
		}
		TrustManagerFactory trust =
				TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		trust.init(store);
		SSLContext tls = SSLContext.getInstance("TLS");
		tls.init(null, trust.getTrustManagers(), null);
		HttpsURLConnection.setDefaultSSLSocketFactory(tls.getSocketFactory());
		HttpURLConnection connection = (HttpURLConnection) new URL(args[1]).openConnection();
		connection.getInputStream().transferTo(System.out);
	}
}
