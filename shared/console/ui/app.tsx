import { render } from "preact";
import { useEffect, useState } from "preact/hooks";

function App() {
  const [version, setVersion] = useState("");
  useEffect(() => {
    fetch("/app/config.json")
      .then((answer) => answer.json())
      .then((config: { version: string }) => setVersion(config.version));
  }, []);
  return (
    <main>
      <h1>deskmove</h1>
      <p>{version}</p>
    </main>
  );
}

render(<App />, document.getElementById("app")!);
